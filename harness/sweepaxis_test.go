// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// openTest has the files of these tests.
func openTest(name string) ([]byte, error) {
	files := map[string]string{
		"releases": "\ufeff# old ones\r\n5.10.0\r\n\n  6.1.0-18-amd64  \n#6.2\n6.12.48",
		"versions": "\\#1 SMP, PREEMPT\n# none\n1..2\n",
		"cpus":     "0-3,8\n7\n",
		"bad":      "1\n\n0\n",
		"empty":    "# nothing\n\n",
	}
	if text, ok := files[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func TestParseAxis(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key, text string
		want      string // values with | between them
		name      string // of the key, when it is another
	}{
		{key: "cpus", text: "7", want: "7"},
		{key: "cpus", text: "1..4", want: "1|2|3|4"},
		{key: "cpus", text: "4..1", want: "4|3|2|1"},
		{key: "cpus", text: "1..10+4", want: "1|5|9"},
		{key: "cpus", text: "10..1+4", want: "10|6|2"},
		{key: "cpus", text: "3..3", want: "3"},
		{key: "cpus", text: "1..4096*16", want: "1|16|256|4096"},
		{key: "cpus", text: "3..100*3", want: "3|9|27|81"},
		{key: "cpus", text: "64..1*4", want: "64|16|4|1"},
		{key: "cpus", text: "1_000..1_002", want: "1000|1001|1002"},
		{key: "cpus", text: " 1 .. 3 + 2 , 8 ", want: "1|3|8"},
		{key: "cpus", text: "1,2,4", want: "1|2|4"},
		{key: "cpus", text: "1..3,8,2", want: "1|2|3|8|2"},
		{key: "cpus", text: "0-3,8", want: "0-3,8"},
		{key: "cpus", text: "@cpus", want: "0-3,8|7"},
		{key: "cpus", text: "1,@cpus,64..128*2", want: "1|0-3,8|7|64|128"},
		{key: "hugePage", text: "none,2MiB,1GiB", want: "none|2MiB|1GiB"},
		{key: "hugepage", text: "none, EACCES", want: "none|EACCES", name: "hugePage"},
		{key: "hugePage", text: "text:2..3", want: "text:2..3"},
		{key: "page-size", text: "4KiB..64KiB*2", want: "4KiB|8KiB|16KiB|32KiB|64KiB", name: "pageSize"},
		{key: "pageSize", text: "64k..4096*4", want: "64KiB|16KiB|4KiB"},
		{key: "pageSize", text: "4096..65536*4", want: "4096|16384|65536"},
		{key: "addressSpace", text: "128MiB..1GiB+512MiB", want: "128MiB|640MiB"},
		{key: "addressSpace", text: "1GiB..128MiB+512MiB", want: "1GiB|512MiB"},
		{key: "addressSpace", text: "512KiB..1MiB+262144", want: "512KiB|768KiB|1MiB"},
		{key: "memory", text: "4EiB..7EiB*2", want: "4EiB"},
		{key: "kernel", text: "5.10.0,6.1.0", want: "5.10.0|6.1.0", name: "kernel.release"},
		{key: "kernel.release", text: "@releases", want: "5.10.0|6.1.0-18-amd64|6.12.48"},
		{key: "kernel.version", text: "#1 SMP, PREEMPT", want: "#1 SMP, PREEMPT"},
		{key: "kernel.version", text: "@versions", want: "#1 SMP, PREEMPT|1..2"},
		{key: "kernel.machine", text: "", want: ""},
		{key: "cpu.model", text: "haswell,power9", want: "haswell|power9"},
		{key: "clock.monotonic", text: "1ms..1s*10", want: "1ms|10ms|100ms|1s"},
		{key: "clock.step", text: "-2ns..2ns+2ns", want: "-2ns|0|2ns"},
		{key: "vm.mmapTop", text: "0x10000000..0x40000000*2", want: "0x10000000|0x20000000|0x40000000"},
		{key: "vm.addressBits", text: "auto,47..48", want: "auto|47|48"},
		{key: "random", text: "1..3", want: "1|2|3"},
		{key: "env.GOMAXPROCS", text: "1..3", want: "1|2|3"},
		{key: "env.GODEBUG", text: "a=1,b=2", want: "a=1,b=2"},
		{key: "env.PATH", text: "1..x", want: "1..x"},
		{key: "env.PATH", text: "../lib", want: "../lib"},
		{key: "env.X", text: "", want: ""},
		{key: "rules", text: "clone:when=1..3:error=EAGAIN", want: "clone:when=1..3:error=EAGAIN"},
		{key: "rules+", text: "mmap,mmap2:error=ENOMEM", want: "mmap,mmap2:error=ENOMEM"},
		{key: "features", text: "+avx2,-sse3", want: "+avx2,-sse3"},
		{key: "args", text: "1..2", want: "1|2"},
		{key: "cpuid.16", text: "0x1,0x2,0x3,0x4", want: "0x1,0x2,0x3,0x4"},
		{key: "auxv.AT_HWCAP", text: "0,absent,0xffffffffffffffff", want: "0|absent|0xffffffffffffffff"},
		{key: "auxv.AT_HWCAP", text: "18446744073709551614..18446744073709551615", want: "18446744073709551614|18446744073709551615"},
		{key: "rlimits.nofile", text: "64..256*2", want: "64|128|256"},
		{key: "files./etc/x", text: "a,b", want: "a,b"},
	}
	for _, tc := range tests {
		t.Run(tc.key+"="+tc.text, func(t *testing.T) {
			t.Parallel()
			axis, err := harness.ParseAxis(tc.key, tc.text, openTest)
			require.NoError(t, err)
			if tc.name == "" {
				tc.name = tc.key
			}
			require.Equal(t, tc.name, axis.Key)
			require.Equal(t, tc.want, strings.Join(axis.Values, "|"))
			require.Equal(t, !strings.Contains(tc.want, "|"), axis.Single())
		})
	}
}

func TestParseAxisRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, text, want string }{
		{"cpu", "1", `axis cpu: unknown machine key "cpu"; did you mean "cpus"?`},
		{"page-sizes", "1", `did you mean "pageSize"?`},
		{"cpus", "", `axis cpus: machine key cpus cannot be ""`},
		{"cpus", "1,,2", `axis cpus, "1,,2": there is nothing between two commas, or beside one: want VALUE,VALUE`},
		{"cpus", "1,", `axis cpus, "1,": there is nothing between two commas`},
		{"cpus", "0..3", `axis cpus, "0..3": machine key cpus cannot be "0": a count starts at 1`},
		{"cpus", "4,x", `axis cpus: machine key cpus cannot be "x": "x" is not a number`},
		{"cpus", "1..x", `axis cpus, "1..x": "1" and "x" are no ends of a range: want two numbers (1..256), or two sizes (4KiB..64KiB*2)`},
		{"cpus", "1..", `"1" and "" are no ends of a range`},
		{"cpus", "1..2..3", `"1" and "2..3" are no ends of a range`},
		{"cpus", "..3", `machine key cpus cannot be "..3"`},
		{"cpus", "1..1000000000", "an axis has at most 1000000 values: take a larger step, or powers (A..B*2)"},
		{"cpus", "1..99999999999999999999999999999999", "an axis has at most 1000000 values"},
		{"cpus", "5,1..1000000", "an axis has at most 1000000 values"},
		{"cpus", "1..4+0", `"0" is no step: want a number above 0`},
		{"cpus", "4..1+-1", `"-1" is no step`},
		{"cpus", "1..4+", `"" is no step`},
		{"cpus", "1..4+1KiB", `"1KiB" is no step`},
		{"cpus", "1..4*1", `"1" is no factor: want a number from 2 on (1..4096*2)`},
		{"cpus", "0..4*2", "powers begin and end above 0: write 0,1..4*2 to have 0 as well"},
		{"cpus", "100..1*3", "100 is no power of 3 times another number of the range: write the range upward (1..100*3)"},
		{"pageSize", "4KiB..64KiB", "a range of sizes needs a step or a factor: write 4KiB..64KiB*2 for powers, or 4KiB..64KiB+4KiB for steps"},
		{"pageSize", "64KiB..4096", "write 64KiB..4KiB*2 for powers, or 64KiB..4KiB+4KiB for steps"},
		{"pageSize", "4KiB..12KiB+4KiB", `axis pageSize, "4KiB..12KiB+4KiB": machine key pageSize cannot be "12KiB": want a power of two`},
		{"clock.monotonic", "1s..2s", "a range of durations needs a step or a factor"},
		{"vm.mmapTop", "0x1000..0x8000", "a range of hexadecimal numbers needs a step or a factor"},
		{"kernel.release", "@", "want the name of a file behind the @"},
		{"kernel.release", "@nowhere", `axis kernel.release, "@nowhere": open nowhere: file does not exist`},
		{"kernel.release", "@empty", `axis kernel.release, "@empty": the file has no values: want one a line`},
		{"cpus", "@bad", `axis cpus, "@bad:3": machine key cpus cannot be "0"`},
		{"rules", "clone:error=NOPE", "axis rules: "},
		{"env.X", strings.Repeat("x", 200_000), "execve takes strings"},
	}
	for _, tc := range tests {
		_, err := harness.ParseAxis(tc.key, tc.text, openTest)
		require.ErrorContains(t, err, tc.want, "%s=%s", tc.key, tc.text)
		require.NotContains(t, err.Error(), "\n")
		var axis *harness.AxisError
		require.ErrorAs(t, err, &axis)
	}
	_, err := harness.ParseAxis("kernel.release", "@nowhere", openTest)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = harness.ParseAxis("cpus", "none", openTest)
	var value *machine.ValueError
	require.True(t, errors.As(err, &value) && value.Key == "cpus")
}

func TestJoin(t *testing.T) {
	t.Parallel()
	a := harness.Axis{Key: "cpus", Values: []string{"0-3,8"}}
	both, err := a.Join(harness.Axis{Key: "cpus", Values: []string{"1", "2"}})
	require.NoError(t, err)
	require.Equal(t, []string{"0-3,8", "1", "2"}, both.Values)
	_, err = a.Join(harness.Axis{Key: "memory"})
	require.ErrorContains(t, err, `axis cpus, "memory": values of another key cannot be added to it`)
}

// FuzzParseAxis: no text makes the parser fail otherwise than with a sentence, and what it gives, the machine takes.
func FuzzParseAxis(f *testing.F) {
	for _, seed := range []string{"1..4", "1,2,@cpus", "4KiB..1MiB*2", "10..1+3", "64..1*4", "-2ns..2ns+2ns", "0x1..0x9+0x2", "none,EACCES", "@", "..", "1..1e6", "1.._"} {
		for _, key := range []string{"cpus", "hugePage", "clock.step", "vm.mmapTop", "rules+", "env.X"} {
			f.Add(key, seed)
		}
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		axis, err := harness.ParseAxis(key, text, openTest)
		if err != nil {
			var e *harness.AxisError
			require.ErrorAs(t, err, &e)
			return
		}
		require.NotEmpty(t, axis.Values)
		require.LessOrEqual(t, len(axis.Values), harness.MaxAxis)
		for _, i := range []int{0, len(axis.Values) / 2, len(axis.Values) - 1} {
			_, err := machine.New().Set(axis.Key, axis.Values[i])
			require.NoError(t, err, "value "+strconv.Quote(axis.Values[i]))
		}
	})
}
