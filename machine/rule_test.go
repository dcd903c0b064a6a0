// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func value(n int64) *int64 { return &n }

func TestParseRule(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want Rule
		form string // what String makes of it; "": the text
	}{
		{"fcntl:error=ENOSYS", Rule{Calls: []string{"fcntl"}, Error: "ENOSYS"}, ""},
		{" fcntl , fcntl64 : error=enosys ", Rule{Calls: []string{"fcntl", "fcntl64"}, Error: "ENOSYS"}, "fcntl,fcntl64:error=ENOSYS"},
		{"clone:error=11", Rule{Calls: []string{"clone"}, Error: "11"}, ""},
		{"clone:error=EWOULDBLOCK", Rule{Calls: []string{"clone"}, Error: "EWOULDBLOCK"}, ""},
		{"mmap:when=3:error=ENOMEM", Rule{Calls: []string{"mmap"}, When: When{First: 3, Last: 3}, Error: "ENOMEM"}, ""},
		{"mmap:when=3+:error=ENOMEM", Rule{Calls: []string{"mmap"}, When: When{First: 3}, Error: "ENOMEM"}, ""},
		{"mmap:when=3+2:error=ENOMEM", Rule{Calls: []string{"mmap"}, When: When{First: 3, Step: 2}, Error: "ENOMEM"}, ""},
		{"mmap:when=3..9:error=ENOMEM", Rule{Calls: []string{"mmap"}, When: When{First: 3, Last: 9}, Error: "ENOMEM"}, ""},
		{"mmap:when=3..9+4:error=ENOMEM", Rule{Calls: []string{"mmap"}, When: When{First: 3, Last: 9, Step: 4}, Error: "ENOMEM"}, ""},
		{"mmap:when=3..3:error=ENOMEM", Rule{Calls: []string{"mmap"}, When: When{First: 3, Last: 3}, Error: "ENOMEM"},
			"mmap:when=3:error=ENOMEM"},
		{"mmap:when=1+:error=ENOMEM", Rule{Calls: []string{"mmap"}, Error: "ENOMEM"}, "mmap:error=ENOMEM"},
		{"mmap:when=1+1:error=ENOMEM", Rule{Calls: []string{"mmap"}, Error: "ENOMEM"}, "mmap:error=ENOMEM"},
		{"openat:path=/sys/fs/cgroup/*:error=EACCES", Rule{Calls: []string{"openat"}, Path: "/sys/fs/cgroup/*", Error: "EACCES"}, ""},
		{"openat:path=/a%3ab%25c%20d:error=EACCES", Rule{Calls: []string{"openat"}, Path: "/a:b%c d", Error: "EACCES"}, ""},
		{"openat:path=/%FF:error=EACCES", Rule{Calls: []string{"openat"}, Path: "/\xff", Error: "EACCES"}, "openat:path=/%ff:error=EACCES"},
		{"openat:path=*:error=EACCES", Rule{Calls: []string{"openat"}, Path: "*", Error: "EACCES"}, ""},
		{"write:arg0=2:retval=-1", Rule{Calls: []string{"write"}, Args: []ArgTest{{Index: 0, Value: 2}}, Retval: value(-1)}, ""},
		{"write:arg0!=2:arg2=0x1000:retval=0xffffffffffffffff",
			Rule{Calls: []string{"write"}, Args: []ArgTest{{Value: 2, Not: true}, {Index: 2, Value: 0x1000}}, Retval: value(-1)},
			"write:arg0!=2:arg2=0x1000:retval=-1"},
		{"futex:arg1&0x7f=0x1:delay=250ms",
			Rule{Calls: []string{"futex"}, Args: []ArgTest{{Index: 1, Mask: 0x7f, Value: 1}}, Delay: Duration(250 * time.Millisecond)},
			"futex:arg1&127=1:delay=250ms"},
		{"openat:arg0=-100:trap", Rule{Calls: []string{"openat"}, Args: []ArgTest{{Value: math.MaxUint64 - 99}}, Trap: true}, ""},
		{"openat:arg5&-1!=-0x1:trap", Rule{Calls: []string{"openat"}, Args: []ArgTest{{Index: 5, Value: math.MaxUint64, Not: true}}, Trap: true},
			"openat:arg5!=-1:trap"},
		{"all:thread=2:when=7:kill=thread", Rule{Calls: []string{"all"}, Thread: 2, When: When{First: 7, Last: 7}, Kill: "thread"}, ""},
		{"!read,write:kill=process", Rule{Calls: []string{"read", "write"}, Not: true, Kill: "process"}, ""},
		{"0x1A7,386:error=ENOSYS", Rule{Calls: []string{"423", "386"}, Error: "ENOSYS"}, "423,386:error=ENOSYS"},
		{"getpid:signal=usr1", Rule{Calls: []string{"getpid"}, Signal: "SIGUSR1"}, "getpid:signal=SIGUSR1"},
		{"getpid:signal=34:error=EINTR:delay=1m",
			Rule{Calls: []string{"getpid"}, Signal: "34", Error: "EINTR", Delay: Duration(time.Minute)},
			"getpid:error=EINTR:signal=34:delay=1m"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			t.Parallel()
			r, err := ParseRule(tc.text)
			require.NoError(t, err)
			require.Equal(t, tc.want, r)
			require.NoError(t, r.Validate())
			form := tc.form
			if form == "" {
				form = tc.text
			}
			require.Equal(t, form, r.String())
			again, err := ParseRule(form)
			require.NoError(t, err)
			require.Equal(t, r, again)
			data, err := json.Marshal(r)
			require.NoError(t, err)
			var back Rule
			require.NoError(t, json.Unmarshal(data, &back))
			require.Equal(t, r, back)
		})
	}
}

func TestParseRuleRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                  "it names no system call",
		":error=ENOSYS":                     "it names no system call",
		"!:error=ENOSYS":                    "it names no system call",
		"fctl:error=ENOSYS":                 `no architecture has a system call "fctl"; did you mean "fcntl"?`,
		"read,futx:error=ENOSYS":            `"futx"; did you mean "futex"?`,
		"4294967296:error=ENOSYS":           "have 32 bits",
		"99999999999999999999:trap":         "have 32 bits",
		"all,read:trap":                     "stands alone",
		"!all:trap":                         "!all is no call",
		"fcntl":                             "it does nothing; want error=ERRNO",
		"fcntl:thread=1":                    "it does nothing",
		"fcntl:eror=ENOSYS":                 `a rule has no part "eror=ENOSYS"; did you mean "error="?`,
		"fcntl:error":                       `did you mean "error="?`,
		"fcntl:error=":                      "error= has no value",
		"fcntl:error=ENOSIS":                `there is no errno "ENOSIS"; did you mean "ENOSYS"?`,
		"fcntl:error=0":                     "errnos are 1 to 4095",
		"fcntl:error=4096":                  "errnos are 1 to 4095",
		"fcntl:error=-1":                    "there is no errno",
		"fcntl:error=EPERM:error=EPERM":     "error= is there twice",
		"fcntl:error=EPERM:trap":            "a rule has one",
		"fcntl:retval=0:kill=process":       "a rule has one",
		"fcntl:trap:signal=SIGUSR1":         "their own signal",
		"fcntl:retval=x":                    `"x" is no number of 64 bits`,
		"fcntl:retval=18446744073709551616": "no number of 64 bits",
		"fcntl:kill=all":                    "want kill=thread or kill=process",
		"fcntl:kill":                        `did you mean "kill="?`,
		"fcntl:trap=1":                      `did you mean "trap"?`,
		"fcntl:signal=SIGUSR3":              `there is no signal "SIGUSR3"; did you mean "SIGUSR1"?`,
		"fcntl:signal=129":                  "signals are 1 to 128",
		"fcntl:delay=0":                     "want a delay above 0",
		"fcntl:delay=-1s":                   "want a delay above 0",
		"fcntl:delay=250":                   "with its unit",
		"fcntl:trap:thread=0":               "is no count",
		"fcntl:trap:thread=2147483648":      "is no count",
		"fcntl:trap:when=0":                 "when=0: want N",
		"fcntl:trap:when=3..2":              "when=3..2: want N",
		"fcntl:trap:when=3..":               "when=3..: want N",
		"fcntl:trap:when=1..3+":             "when=1..3+: want N",
		"fcntl:trap:when=x":                 "when=x: want N",
		"fcntl:trap:arg6=1":                 "system calls have the arguments arg0 to arg5",
		"fcntl:trap:arg0":                   "want argN=V, argN!=V or argN&M=V",
		"fcntl:trap:arg0=":                  "is no number",
		"fcntl:trap:arg0&0=0":               "a mask has some bits",
		"fcntl:trap:arg0&1=2":               "has bits that the mask 1 takes away",
		"fcntl:trap:arg=1":                  `did you mean "arg0="?`,
		"openat:trap:path=etc/passwd":       "want an absolute path",
		"openat:trap:path=/etc/../x":        "want an absolute path",
		"openat:trap:path=/etc/":            "want an absolute path",
		"openat:trap:path=/etc//*":          "want an absolute path",
		"openat:trap:path=/a%3":             "two hexadecimal digits",
		"openat:trap:path=/a%zz":            "two hexadecimal digits",
		"openat:trap:path=/a%00":            "none of them 0",
		"openat:trap:path=/a:b":             `a rule has no part "b"`,
		"openat:trap:path=/" + strings.Repeat("a", maxPath): "paths have less than 4096 bytes",
		strings.Repeat("read,", 4000) + ":trap":             "a rule has at most 16384 bytes",
	} {
		_, err := ParseRule(text)
		var bad *ValueError
		require.ErrorAs(t, err, &bad, text)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n")
		require.Less(t, len(err.Error()), 400)
	}
}

// Literals are held to the same as texts.
func TestRuleLiteral(t *testing.T) {
	t.Parallel()
	require.NoError(t, Rule{Calls: []string{"MMAP"}, When: When{Step: 2}, Error: "enomem"}.Validate())
	require.Equal(t, "mmap:when=1+2:error=ENOMEM", Rule{Calls: []string{"MMAP"}, When: When{Step: 2}, Error: "enomem"}.String())
	for _, r := range []Rule{
		{},
		{Calls: []string{"mmap"}},
		{Calls: []string{"mmap"}, When: When{First: -1}, Trap: true},
		{Calls: []string{"mmap"}, When: When{First: 3, Last: 2}, Trap: true},
		{Calls: []string{"mmap"}, Thread: -1, Trap: true},
		{Calls: []string{"mmap"}, Args: []ArgTest{{Index: 6}}, Trap: true},
		{Calls: []string{"mmap"}, Delay: -1},
	} {
		require.Error(t, r.Validate(), "%v", r)
	}
}

// A machine's rules are texts, in their canonical form, from Go, --set and YAML alike.
func TestMachineRules(t *testing.T) {
	t.Parallel()
	want := []string{"fcntl,fcntl64:error=ENOSYS", "openat:path=/a%20b:trap"}
	m := New(Rules("FCNTL, fcntl64:error=enosys"), Rules("openat:trap:path=/a%20b"))
	require.NoError(t, m.Validate())
	set, err := New().Set("rules", "fcntl,fcntl64:error=ENOSYS 'openat:path=/a b:trap'")
	require.NoError(t, err)
	require.Equal(t, want, set.Rules)
	set, err = set.Set("rules+", "getpid:trap")
	require.NoError(t, err)
	require.Equal(t, append(want, "getpid:trap"), set.Rules)
	loaded, err := parseProfile("test", []byte("rules:\n- fcntl, fcntl64:error=enosys\n- openat:trap:path=/a%20b\n"), nil)
	require.NoError(t, err)
	require.Equal(t, want, loaded.Rules)
	for _, to := range []Machine{New(), m, New(Rules("getpid:trap"))} {
		changes, exact := set.Changes(to)
		require.True(t, exact)
		require.Equal(t, []Change{{"rules", joinWords(to.Rules)}}, changes)
	}

	var bad *ValueError
	require.ErrorAs(t, New(Rules("fctl:trap")).Validate(), &bad)
	_, err = New().Set("rules", "getpid:trap fctl:trap")
	require.EqualError(t, err, `machine key rules cannot be "fctl:trap": no architecture has a system call "fctl"; did you mean "fcntl"?`)
	_, err = parseProfile("test", []byte("cpus: 2\nrules:\n- getpid:trap\n- getpid:kill=it\n"), nil)
	require.EqualError(t, err, `machine profile test:3: machine key rules cannot be "getpid:kill=it": want kill=thread or kill=process`)
}

func TestWhen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"1+": {1, 2, 3, 4, 5, 6, 7, 8, 9}, "3": {3}, "3+": {3, 4, 5, 6, 7, 8, 9}, "3..5": {3, 4, 5}, "2+3": {2, 5, 8}, "2..6+3": {2, 5},
	} {
		w, err := parseWhen(text)
		require.NoError(t, err)
		var got []int
		for n := range 10 {
			if w.Holds(n) {
				got = append(got, n)
			}
		}
		require.Equal(t, want, got, text)
	}
	require.True(t, When{}.Holds(1))
	require.True(t, When{}.Holds(math.MaxInt32))
}

func TestArgTest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text    string
		arg     uint64
		ptrSize int
		want    bool
	}{
		{"0=7", 7, 8, true},
		{"0=7", 7 + 1<<32, 8, false},
		{"0=7", 7 + 1<<32, 4, true},
		{"0!=7", 7, 8, false},
		{"0!=7", 8, 4, true},
		{"0=-100", 0xffffff9c, 4, true},
		{"0=-100", 0xffffff9c, 8, false},
		{"0=-100", 0xffffffffffffff9c, 8, true},
		{"0&0xffffffff=0xffffff9c", 0xffffffffffffff9c, 8, true},
		{"0&0x80=0x80", 0x81, 8, true},
		{"0&0x80=0", 0x81, 8, false},
		{"0&0x80!=0", 0x81, 8, true},
	} {
		a, err := parseArgTest(tc.text)
		require.NoError(t, err)
		require.Equal(t, tc.want, a.Holds(tc.arg, tc.ptrSize), "%s %#x", tc.text, tc.arg)
	}
}

func TestRulePath(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, path string
		want          bool
	}{
		{"/proc/self/cgroup", "/proc/self/cgroup", true},
		{"/proc/self/cgroup", "/proc/self/cgroups", false},
		{"/proc/*", "/proc/self/cgroup", true},
		{"/proc/*", "/proc", false},
		{"/proc*", "/proc", true},
		{"*", "/", true},
		{"/a*b", "/axb", false},
	} {
		r := Rule{Path: tc.pattern}
		require.Equal(t, tc.want, r.HoldsPath(tc.path), "%s %s", tc.pattern, tc.path)
	}
}

// FuzzRule: no text makes the parser panic, and what it accepts is valid and says itself.
func FuzzRule(f *testing.F) {
	for _, text := range []string{
		"fcntl:error=ENOSYS", "!read,0x7:arg0&0x7f!=-1:path=/a%3ab/*:thread=2:when=2..9+3:kill=thread", "all:retval=-1:signal=34:delay=1h",
		"mmap:when=1+1:trap", "openat:path=/\u00a0:trap",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			var bad *ValueError
			require.ErrorAs(t, err, &bad)
			return
		}
		require.NoError(t, r.Validate())
		again, err := ParseRule(r.String())
		require.NoError(t, err, "%q", r.String())
		require.Equal(t, r, again)
		words, err := splitWords(joinWords([]string{r.String(), "read:trap"}))
		require.NoError(t, err)
		require.Equal(t, []string{r.String(), "read:trap"}, words)
	})
}
