// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

const whole = `
title: A title
issue: https://github.com/golang/go/issues/1
links: [https://go.dev/cl/2]
explanation: >
  One. Two.
  Three.
range: go1.26.3 to go1.26.4
note: bisected
arch: [arm, mips]
affected: [go1.26.3]
clean: [go1.26.2, go1.27.0]
program: {fixture: hello, go: "1.25", mode: exe, env: [GOARM=7], strip: true, args: [a, b c]}
machine: {inherits: nas-arm-hi3535, cpus: 3}
until: exit
limits: {instructions: 5_000_000, memory: 64MiB}
expect:
  affected: [outcome=threw, syscalls.openat>=3]
  clean: outcome=reached
`

func TestParse(t *testing.T) {
	t.Parallel()
	e, err := Parse("dir/my-bug.yaml", []byte(strings.Replace(whole, "clean: outcome=reached", "clean: [outcome=reached]\ncrash: |\n  fatal error: x", 1)))
	require.NoError(t, err)
	require.Equal(t, "my-bug", e.ID)
	require.Equal(t, "A title", e.Title)
	require.Equal(t, "One. Two. Three.", e.Explanation)
	require.Equal(t, []string{"https://go.dev/cl/2"}, e.Links)
	require.Equal(t, "bisected", e.Note)
	require.Equal(t, []string{"arm", "mips"}, e.Arch())
	require.Equal(t, []string{"go1.26.2", "go1.26.3", "go1.27.0"}, e.Releases())
	require.Len(t, e.Cases, 1)
	c := e.Cases[0]
	require.Equal(t, Program{Fixture: "hello", GoLine: "1.25", Mode: "exe", Env: []string{"GOARM=7"}, Strip: true, Args: []string{"a", "b c"}}, c.Program)
	require.Equal(t, 3, c.Machine.CPUs.Count())
	require.Equal(t, "3.4.35_hi3535", c.Machine.Kernel.Release)
	require.Equal(t, "my-bug", c.Machine.Name)
	require.Equal(t, "exit", c.Until)
	require.Equal(t, Limits{5_000_000, 64 << 20}, c.Limits)
	require.Equal(t, "syscalls.openat>=3", c.Expect[Affected][1].String())
	require.Equal(t, "fatal error: x", c.Crash)
	require.Equal(t, fixtures.Spec{Program: "hello", GoLine: "1.25", GOARCH: "arm", Toolchain: "go1.26.3", Mode: "exe", Strip: true, Env: []string{"GOARM=7"}},
		c.Program.Spec("my-bug", "arm", "go1.26.3"))
}

const least = "title: T\narch: amd64\naffected: go1.26.3\nexpect: {affected: [outcome=threw]}\n"

func TestParseLeast(t *testing.T) {
	t.Parallel()
	e, err := Parse("x.yaml", []byte(least))
	require.NoError(t, err)
	c := e.Cases[0]
	require.Equal(t, "default", c.Machine.Name)
	require.Equal(t, harness.DefaultUntil, c.Until)
	require.Equal(t, "bare", c.Program.Spec("x", "amd64", "go1.26.3").Program)

	e, err = Parse("x.yaml", []byte(least+"program:\n  source: |\n    package main\n\n    func main() { println() }\n"))
	require.NoError(t, err)
	require.Equal(t, "x", e.Cases[0].Program.Spec("x", "amd64", "go1.26.3").Program)
}

func TestParseCases(t *testing.T) {
	t.Parallel()
	e, err := Parse("x.yaml", []byte(whole[:strings.Index(whole, "expect:")]+`
expect:
  affected: [outcome=threw]
  clean: [outcome=reached]
cases:
  - name: small
    machine: {cpus: 1}
  - name: large
    arch: mips
    clean: []
    program: {strip: false, args: []}
    expect: {affected: [outcome=stuck]}
`))
	require.NoError(t, err)
	require.Len(t, e.Cases, 2)
	small, large := e.Cases[0], e.Cases[1]
	require.Equal(t, "x/small", small.Machine.Name)
	require.Equal(t, 1, small.Machine.CPUs.Count())
	require.Equal(t, []string{"arm", "mips"}, small.Arch)
	require.Equal(t, "outcome=threw", small.Expect[Affected][0].String())
	require.True(t, small.Program.Strip)
	require.Equal(t, []string{"mips"}, large.Arch)
	require.Empty(t, large.Clean)
	require.Equal(t, "hello", large.Program.Fixture)
	require.False(t, large.Program.Strip)
	require.Empty(t, large.Program.Args)
	require.Equal(t, "outcome=stuck", large.Expect[Affected][0].String())
	require.Equal(t, "outcome=reached", large.Expect[Clean][0].String())
	require.Equal(t, 3, large.Machine.CPUs.Count())
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"nothing", "", "x.yaml: it has no title"},
		{"text", "hello\n", "x.yaml:1: an entry of the zoo is a mapping"},
		{"unknown key", least + "machin: default\n", `x.yaml:5: unknown key "machin"; did you mean machine?`},
		{"unknown key of the program", least + "program: {fixtures: hello}\n", `x.yaml:5: unknown key "fixtures"; did you mean fixture?`},
		{"far from any key", least + "qqqqqq: 1\n", `unknown key "qqqqqq": the keys are title, issue`},
		{"name outside a case", least + "name: x\n", `unknown key "name"`},
		{"twice", least + "arch: arm\n", "x.yaml:5: "},
		{"no value", least + "machine:\n", "x.yaml:5: machine has no value"},
		{"wrong type", least + "until: [a]\n", "x.yaml:5: want a single value"},
		{"wrong type of a list", least + "program: {env: {a: b}}\n", "x.yaml:5: want a single value"},
		{"no boolean", least + "program: {strip: perhaps}\n", `strip: want true or false, not "perhaps"`},
		{"issue", least + "issue: 12345\n", `"12345" is no URL`},
		{"arch", strings.Replace(least, "amd64", "amd46", 1), `there is no architecture "amd46"; did you mean amd64?`},
		{"no arch", strings.Replace(least, "arch: amd64\n", "", 1), "it names no arch"},
		{"arch twice", strings.Replace(least, "amd64", "[arm, arm]", 1), "arch has arm twice"},
		{"release", strings.Replace(least, "go1.26.3", "1.26.3", 1), `"1.26.3" is no release: want one such as go1.26.3`},
		{"release candidate", strings.Replace(least, "go1.26.3", "go1.26rc1", 1), `"go1.26rc1" is no release`},
		{"release before the architecture", strings.Replace(strings.Replace(least, "amd64", "riscv64", 1), "go1.26.3", "go1.12.17", 1), "go1.12.17 does not build what rt0 boots on riscv64"},
		{"release on both sides", least + "clean: go1.26.3\n", "go1.26.3 is there twice"},
		{"no release", strings.Replace(least, "affected: go1.26.3\n", "", 1), "it names no release"},
		{"expectation", strings.Replace(least, "outcome=threw", "outcom=threw", 1), `x.yaml:4: expectation "outcom=threw": there is no key "outcom": did you mean "outcome"?`},
		{"no such outcome", strings.Replace(least, "outcome=threw", "outcome=died", 1), "there is no such outcome"},
		{"side", strings.Replace(least, "{affected:", "{afected:", 1), `unknown key "afected"; did you mean affected?`},
		{"nothing expected", least + "clean: go1.26.2\n", "it does not say what to expect of releases that are clean"},
		{"fixture", least + "program: hallo\n", `there is no fixture "hallo"; did you mean hello?`},
		{"two programs", least + "program: {fixture: hello, source: x}\n", "it has a fixture and a source"},
		{"environment", least + "program: {env: [GOARM]}\n", `the program's env has "GOARM"`},
		{"mode", least + "program: {mode: plugin}\n", `there is no build mode "plugin"`},
		{"go line", least + "program: {go: new}\n", `"new" is no go line`},
		{"profile", least + "machine: nas\n", `unknown machine profile "nas"`},
		{"machine's key", least + "machine:\n  cpus: 4\n  hugepages: none\n", `x.yaml:7: unknown machine key "hugepages"; did you mean "hugePage"?`},
		{"machine's value", least + "machine: {cpus: many}\n", `x.yaml:5: machine key cpus cannot be "many"`},
		{"instructions", least + "limits: {instructions: many}\n", `"many" is no number of instructions`},
		{"memory", least + "limits: {memory: none}\n", "a boot needs some"},
		{"too much memory", least + "limits: {memory: 7EiB}\n", "the limit of memory ends at"},
		{"until", least + "until: \"a b\"\n", "a boot cannot stop at"},
		{"crash without affected", strings.Replace(least, "affected: go1.26.3", "clean: go1.26.3", 1) + "crash: x\n", "it does not say what to expect of releases that are clean"},
		{"no cases", least + "cases: []\n", "x.yaml:5: cases has none"},
		{"case without a name", least + "cases:\n  - arch: arm\n", "a case needs a name"},
		{"case twice", least + "cases:\n  - name: a\n  - name: a\n", "x.yaml:7: there is a case a already"},
		{"wrong case", least + "cases:\n  - name: a\n    arch: vax\n", `there is no architecture "vax"`},
		{"anchors", least + "links: &a [https://x.org]\n", "x.yaml:5: there are no anchors and aliases here"},
		{"title of two lines", strings.Replace(least, "title: T", "title: \"a\\nb\"", 1), "more than one line"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("x.yaml", []byte(tc.text))
			require.ErrorContains(t, err, tc.want)
			require.ErrorAs(t, err, new(*ReadError))
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := Parse("No Good.yaml", []byte(least))
	require.ErrorContains(t, err, `"No Good" cannot be an entry's name`)
}

func TestLoadAndFind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, []byte(least), 0o666))
	e, err := Find(file)
	require.NoError(t, err)
	require.Equal(t, "mine", e.ID)
	_, err = Find(filepath.Join(t.TempDir(), "none.yaml"))
	require.ErrorContains(t, err, "none.yaml: no such file")
	_, err = Load("/dev/zero")
	require.ErrorContains(t, err, "at most")

	first := Entries()[0]
	e, err = Find(first.ID)
	require.NoError(t, err)
	require.Equal(t, first, e)
	_, err = Find(first.ID[1:])
	unknown := new(UnknownError)
	require.True(t, errors.As(err, &unknown))
	require.Equal(t, first.ID, unknown.Nearest)
	_, err = Find(first.ID + "/nowhere")
	require.ErrorContains(t, err, "no case of "+first.ID)
	_, err = Find("qqqqqqqqqqqqqqq")
	require.ErrorContains(t, err, "see rt0 zoo --list")
}

// Each entry that comes with rt0 says where it is from, and tells its story in three sentences.
func TestEntries(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, Entries())
	for _, e := range Entries() {
		require.Regexp(t, `^https://(github\.com/golang/go/(issues|commit)/|go\.dev/|nvd\.nist\.gov/)`, e.Issue, e.ID)
		sentences := strings.Count(e.Explanation+" ", ". ") + strings.Count(e.Explanation+" ", "? ")
		require.Equal(t, 3, sentences, "%s is told in three sentences: %s", e.ID, e.Explanation)
		require.NotEmpty(t, e.Range, e.ID)
		for _, c := range e.Cases {
			require.NotEqual(t, unnamed, c.Machine.Name)
		}
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	text, err := Template("my-crash")
	require.NoError(t, err)
	e, err := Parse("my-crash.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, "my-crash", e.ID)
	for _, name := range []string{"", "../x", "My crash", strings.Repeat("x", 100)} {
		_, err := Template(name)
		require.ErrorContains(t, err, "cannot be an entry's name")
	}
}

// What is commented out in the template is as good as what is not.
func TestTemplateComments(t *testing.T) {
	t.Parallel()
	text, err := Template("x")
	require.NoError(t, err)
	commented := regexp.MustCompile(`(?m)^( *)# ((links|note|mode|env|strip|args|until|limits|crash|cases):|  (fatal error:|- name:|  machine:))`)
	text = commented.ReplaceAllString(text, "$1$2")
	e, err := Parse("x.yaml", []byte(text))
	require.NoError(t, err, "%s", text)
	require.NotEmpty(t, e.Links)
	require.NotEmpty(t, e.Note)
	require.Equal(t, "half-a-cpu", e.Cases[0].Name)
	require.Equal(t, []string{"GOARM=7"}, e.Cases[0].Program.Env)
	require.NotEmpty(t, e.Cases[0].Crash)
}

func TestLikelyReleases(t *testing.T) {
	t.Parallel()
	list := LikelyReleases()
	require.Contains(t, list, "go1.4.3")
	require.Contains(t, list, "go1.20")
	require.NotContains(t, list, "go1.20.0")
	require.Contains(t, list, "go1.21.0")
	require.NotContains(t, list, "go1.21")
	for _, release := range list {
		require.True(t, fixtures.IsRelease(release), release)
	}
}

// FuzzParse: no text makes the reader panic, and what is wrong is said in one line with the file's name.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(least)
	text, err := Template("x")
	require.NoError(f, err)
	f.Add(text)
	for _, e := range Entries() {
		data, err := embedded.ReadFile(e.File)
		require.NoError(f, err)
		f.Add(string(data))
	}
	for _, text := range []string{"", "cases: [{}]", "a: &b [*b]", "expect: {affected: [=]}", "limits: {memory: -1}", "<<: {title: x}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "inherits") || strings.Contains(text, ".yaml") || strings.Contains(text, ".yml") || strings.Contains(text, "/") {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "inherits", "cpus"), "machine", "note") // files of the host stay out of it
		}
		e, err := Parse("fuzz.yaml", []byte(text))
		if err != nil {
			require.ErrorAs(t, err, new(*ReadError))
			return
		}
		require.NotEmpty(t, e.Cases)
		require.NotEmpty(t, Jobs([]Entry{e}, Filter{}))
	})
}
