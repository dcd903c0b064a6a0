// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// action is what action.yml says.
type action struct {
	Name        string
	Description string
	Inputs      map[string]struct {
		Description string
		Required    bool
		Default     *string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []actionStep
	}
}

// actionStep is a step of an action, or of a workflow's job.
type actionStep struct {
	Name, ID, If, Shell, Run, Uses string
	Env                            map[string]string
	With                           map[string]string
}

func readAction(t *testing.T) action {
	t.Helper()
	var a action
	data, err := os.ReadFile("../../action.yml")
	require.NoError(t, err)
	require.NoError(t, yaml.NewDecoder(bytes.NewReader(data), yaml.DisallowUnknownField()).Decode(&a))
	return a
}

// expression is one of GitHub's, in a text.
var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// actionRun is the action at work as the runner would have it, on this host: inputs, and what the steps have left so far.
type actionRun struct {
	action   action
	inputs   map[string]string
	dir      string // the caller's checkout
	temp     string
	outputs  map[string]map[string]string // of steps, by id
	log      bytes.Buffer
	summary  string
	artifact map[string]string // what the step that uploads was given; nil: it did not run
}

// value is what an expression comes to. The action uses inputs and outputs of its steps, and nothing else.
func (r *actionRun) value(t *testing.T, name string) string {
	t.Helper()
	words := strings.Split(name, ".")
	switch {
	case len(words) == 2 && words[0] == "inputs":
		input, known := r.action.Inputs[words[1]]
		require.True(t, known, "action.yml has no input %s", words[1])
		if value, given := r.inputs[words[1]]; given {
			return value
		}
		require.NotNil(t, input.Default, "the input %s has no default", words[1])
		return *input.Default
	case len(words) == 4 && words[0] == "steps" && words[2] == "outputs":
		return r.outputs[words[1]][words[3]]
	}
	t.Fatalf("action.yml: the test does not know the expression %q", name)
	return ""
}

// expand puts the values of a text's expressions in their places.
func (r *actionRun) expand(t *testing.T, text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		return r.value(t, expression.FindStringSubmatch(e)[1])
	})
}

// holds says whether a step's condition, "A != ” && B != ”", is fulfilled.
func (r *actionRun) holds(t *testing.T, condition string) bool {
	for _, part := range strings.Split(condition, " && ") {
		name, ok := strings.CutSuffix(part, " != ''")
		require.True(t, ok || part == "", "the test does not know the condition %q", part)
		if part != "" && r.value(t, name) == "" {
			return false
		}
	}
	return true
}

// steps runs steps in their order until one fails, and returns that one's exit status.
func (r *actionRun) steps(t *testing.T, steps []actionStep) int {
	t.Helper()
	for _, step := range steps {
		if !r.holds(t, step.If) {
			continue
		}
		if step.Uses != "" {
			r.artifact = map[string]string{}
			for name, text := range step.With {
				r.artifact[name] = r.expand(t, text)
			}
			continue
		}
		if status := r.step(t, step); status != 0 {
			return status
		}
	}
	return 0
}

// step runs one step with bash, as `shell: bash` does.
func (r *actionRun) step(t *testing.T, step actionStep) int {
	t.Helper()
	require.Equal(t, "bash", step.Shell)
	work := t.TempDir()
	script, output, summary := filepath.Join(work, "step.sh"), filepath.Join(work, "output"), filepath.Join(work, "summary")
	require.NoError(t, os.WriteFile(script, []byte(step.Run), 0o666))
	for _, file := range []string{output, summary} {
		require.NoError(t, os.WriteFile(file, nil, 0o666))
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH="+root, "GITHUB_WORKSPACE="+r.dir,
		"GITHUB_OUTPUT="+output, "GITHUB_STEP_SUMMARY="+summary, "RUNNER_TEMP="+r.temp)
	for name, text := range step.Env {
		cmd.Env = append(cmd.Env, name+"="+r.expand(t, text))
	}
	cmd.Stdout, cmd.Stderr = &r.log, &r.log
	status := 0
	if err := cmd.Run(); err != nil {
		exit := (*exec.ExitError)(nil)
		require.ErrorAs(t, err, &exit)
		status = exit.ExitCode()
	}
	r.outputs[step.ID] = readOutputs(t, output)
	text, err := os.ReadFile(summary)
	require.NoError(t, err)
	r.summary += string(text)
	return status
}

// readOutputs reads the file that a step sets outputs with; the action's values are of one line each.
func readOutputs(t *testing.T, file string) map[string]string {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	outputs := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		require.True(t, ok, "%q is no output", line)
		outputs[name] = value
	}
	return outputs
}

// commands are the workflow commands that the runner takes from a log: from stop-commands to the line that was agreed on it takes none
// (actions/runner, ActionCommandManager.cs).
func commands(log string) (taken []string) {
	resume := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if token, ok := strings.CutPrefix(line, "::stop-commands::"); ok && resume == "" {
			resume = "::" + token + "::"
			continue
		}
		switch {
		case line == resume:
			resume = ""
		case resume == "" && (strings.HasPrefix(line, "::") || strings.Contains(line, "##[")):
			taken = append(taken, line)
		}
	}
	return taken
}

// newActionRun has the first step behind it, which gave the rt0.
func newActionRun(t *testing.T, rt0 string, inputs map[string]string) *actionRun {
	return &actionRun{action: readAction(t), inputs: inputs, dir: t.TempDir(), temp: t.TempDir(),
		outputs: map[string]map[string]string{"build": {"rt0": rt0}}}
}

// An input is a stranger's text: no step may have it in its command, where a shell would read it.
func TestActionTakesInputsByVariables(t *testing.T) {
	t.Parallel()
	a := readAction(t)
	require.Equal(t, "composite", a.Runs.Using)
	used := map[string]bool{}
	for _, step := range a.Runs.Steps {
		require.Empty(t, expression.FindString(step.Run), "step %s", step.Name)
		for _, text := range append(slices.Collect(maps.Values(step.Env)), slices.Collect(maps.Values(step.With))...) {
			for _, e := range expression.FindAllStringSubmatch(text, -1) {
				used[e[1]] = true
			}
		}
	}
	for name, input := range a.Inputs {
		require.True(t, used["inputs."+name], "the input %s goes nowhere", name)
		require.NotEmpty(t, input.Description, name)
		require.NotNil(t, input.Default, "the input %s has no default", name)
	}
}

// recorder is a program in the place of rt0 that keeps its arguments, one a line with line feeds as \n, and leaves a report.
const recorder = `#!/bin/sh
for arg in "$@"; do
	printf '%s' "$arg" | sed ':a;N;$!ba;s/\n/\\n/g'
	echo
	case $arg in --save=*|--out=*) echo '{}' >"${arg#*=}" ;; esac
done >>"$RECORD"
echo ---- >>"$RECORD"
`

func TestActionPassesInputsAsTheyAre(t *testing.T) {
	hostile := []string{
		"$(touch pwned)", "`touch pwned`", `"; touch pwned; "`, "'; touch pwned; '", "a b  c", "*", "~", "$HOME", `\`, "a;b|c&d>pwned", "${IFS}touch${IFS}pwned",
		"--help", "-o", "%s%n", "Ελλάδα", "::error::x", "#", "!!", "{a,b}", "$'\\x41'",
	}
	// Those that are taken whole, and those of which each line is one.
	flags := map[string]string{
		"tags": "--tags", "ldflags": "--ldflags", "until": "--until", "shard": "--shard", "threshold": "--threshold",
	}
	lists := map[string]string{"go": "--go", "arch": "--arch", "machine": "--machine", "variant": "--variant", "expect": "--expect"}
	rt0 := filepath.Join(t.TempDir(), "rt0")
	require.NoError(t, os.WriteFile(rt0, []byte(recorder), 0o777))
	for _, text := range hostile {
		t.Run(text, func(t *testing.T) {
			record := filepath.Join(t.TempDir(), "record")
			t.Setenv("RECORD", record)
			inputs := map[string]string{
				"package": text + "\r\n\nsecond " + text, "args": text + "\n" + "--set\ncpus=7", "artifact": text,
			}
			for name := range flags {
				inputs[name] = text + "\n" + text
			}
			for name := range lists {
				inputs[name] = text + "\nsecond " + text
			}
			r := newActionRun(t, rt0, inputs)
			require.Zero(t, r.steps(t, r.action.Runs.Steps[1:]), r.log.String())
			require.Empty(t, commands(r.log.String()))
			data, err := os.ReadFile(record)
			require.NoError(t, err)
			first, _, _ := strings.Cut(string(data), "----\n")
			got := strings.Split(strings.TrimSuffix(first, "\n"), "\n")
			for _, flag := range flags {
				require.Contains(t, got, flag+"="+text+`\n`+text)
			}
			for _, flag := range lists {
				require.Contains(t, got, flag+"="+text)
				require.Contains(t, got, flag+"=second "+text)
			}
			program := text
			if strings.HasPrefix(text, "-") {
				program = "./" + text
			}
			require.Equal(t, []string{text, "--set", "cpus=7", program, "second " + text}, got[len(got)-5:])
			require.Equal(t, text, r.artifact["name"])
			for _, dir := range []string{r.dir, r.temp, "."} {
				require.NoFileExists(t, filepath.Join(dir, "pwned"))
			}
		})
	}
}

// built by the action's first step, once.
var builtByAction struct {
	once sync.Once
	rt0  string
}

// actionBuilds runs the action's first step, and returns the rt0 that it made.
func actionBuilds(t *testing.T) string {
	builtByAction.once.Do(func() {
		r := newActionRun(t, "", nil)
		require.Zero(t, r.steps(t, r.action.Runs.Steps[:1]), r.log.String())
		builtByAction.rt0 = r.outputs["build"]["rt0"]
	})
	require.FileExists(t, builtByAction.rt0)
	return builtByAction.rt0
}

// loud is a program that writes what a runner would take for commands, and dies before main.
const loud = `package main

import "os"

func init() {
	os.Stdout.WriteString("::error::pwned\n##[error]pwned\n")
	panic("50% of it\n::error::pwned")
}

func main() {}
`

func TestActionAtWork(t *testing.T) {
	rt0 := actionBuilds(t)
	goEnv, err := goEnvironment()
	require.NoError(t, err)
	for _, variable := range goEnv {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	tests := []struct {
		name    string
		inputs  map[string]string
		status  int
		outcome string
		taken   []string // beginnings of the commands that the runner takes
		summary string
	}{
		{"all is well", map[string]string{"arch": "amd64\narm64", "artifact": "boots"}, 0, "passed",
			[]string{"::notice title=rt0 matrix::2 boots, and all"}, "✅ 2 boots, and all ended as asked"},
		{"an expectation", map[string]string{"arch": "amd64,arm64", "expect": "gomaxprocs=5\nnumCPU=4"}, 1, "failed",
			[]string{"::error title=go1", "::notice"}, "❌ 0 of 2 boots ended as asked"},
		{"a usage", map[string]string{"arch": "amd46"}, 2, "usage", []string{"::error title=rt0::rt0: "}, "There is no report"},
		{"a package that is none", map[string]string{"package": "$(touch pwned)"}, 2, "usage", []string{"::error title=rt0::"}, "$(touch pwned)"},
		{"a loud program", map[string]string{"package": "./loud.go", "arch": "amd64"}, 4, "died",
			[]string{"::error title=go1", "::notice"}, "❌ 0 of 1 boot"},
		{"nothing to merge", map[string]string{"merge": "none-*.json"}, 3, "refused", []string{"::error title=rt0::rt0: "}, "none-*.json"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			r := newActionRun(t, rt0, tc.inputs)
			require.NoError(t, os.WriteFile(filepath.Join(r.dir, "loud.go"), []byte(loud), 0o666))
			require.Equal(t, tc.status, r.steps(t, r.action.Runs.Steps[1:]), r.log.String())
			require.Equal(t, tc.outcome, r.expand(t, r.action.Outputs["outcome"].Value))
			require.Equal(t, strconv.Itoa(tc.status), r.expand(t, r.action.Outputs["exit-status"].Value))
			taken := commands(r.log.String())
			require.Len(t, taken, len(tc.taken), "%q", taken)
			for i, command := range taken {
				require.True(t, strings.HasPrefix(command, tc.taken[i]), command)
			}
			require.Contains(t, r.summary, tc.summary)
			report, page := r.expand(t, r.action.Outputs["report"].Value), r.expand(t, r.action.Outputs["page"].Value)
			if strings.Contains(tc.summary, "boot") {
				require.FileExists(t, report)
				require.FileExists(t, page)
			} else {
				require.Empty(t, report)
			}
			require.Equal(t, tc.inputs["artifact"] != "", r.artifact != nil, "uploads only when asked")
			if r.artifact != nil {
				require.Equal(t, map[string]string{"name": "boots", "path": report + "\n" + page + "\n"}, r.artifact)
			}
			require.NoFileExists(t, filepath.Join(r.dir, "pwned"))
		})
	}
}

func TestActionComparesWithABaseline(t *testing.T) {
	rt0 := actionBuilds(t)
	first := newActionRun(t, rt0, map[string]string{"arch": "amd64"})
	require.Zero(t, first.steps(t, first.action.Runs.Steps[1:]), first.log.String())
	baseline := filepath.Join(t.TempDir(), "$(touch pwned).json")
	require.NoError(t, exec.Command(rt0, "diff", "--accept", "--baseline", baseline, first.outputs["run"]["report"]).Run())
	for _, tc := range []struct {
		cpus, file string
		status     int
		summary    string
	}{
		{"4", baseline, 0, "Compared with the baseline"},
		{"7", baseline, 1, "4 → 7"},
		{"4", baseline + ".none", 2, "It could not be compared"},
	} {
		r := newActionRun(t, rt0, map[string]string{"arch": "amd64", "args": "--cpus=" + tc.cpus, "baseline": tc.file})
		require.Equal(t, tc.status, r.steps(t, r.action.Runs.Steps[1:]), r.log.String())
		require.Contains(t, r.summary, tc.summary)
		require.FileExists(t, r.outputs["run"]["report"])
		require.NoFileExists(t, filepath.Join(r.dir, "pwned"))
	}
}

// The parts of a matrix that several jobs have booted are one report in the job behind them.
func TestActionMergesShards(t *testing.T) {
	rt0 := actionBuilds(t)
	reports := t.TempDir()
	for _, shard := range []string{"1/2", "2/2"} {
		r := newActionRun(t, rt0, map[string]string{"arch": "amd64,arm64", "shard": shard})
		require.Zero(t, r.steps(t, r.action.Runs.Steps[1:]), r.log.String())
		dir := filepath.Join(reports, strings.ReplaceAll(shard, "/", " of "))
		require.NoError(t, os.Mkdir(dir, 0o777))
		require.NoError(t, os.Rename(r.outputs["run"]["report"], filepath.Join(dir, "report.json")))
	}
	r := newActionRun(t, rt0, map[string]string{"merge": "*/report.json", "working-directory": reports})
	require.Zero(t, r.steps(t, r.action.Runs.Steps[1:]), r.log.String())
	require.Contains(t, r.summary, "2 boots, and all ended as asked")
	r = newActionRun(t, rt0, map[string]string{"merge": "2 of 2/*.json", "working-directory": reports})
	require.Equal(t, 3, r.steps(t, r.action.Runs.Steps[1:]), r.log.String())
	require.Contains(t, r.log.String(), "part 1/2 of the matrix is missing")
	require.Contains(t, r.summary, "1 boot, and all ended as asked")
}
