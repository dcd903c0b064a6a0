// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// numbers is an axis of the counts from 1.
func numbers(key string, n int) harness.Axis {
	a := harness.Axis{Key: key}
	for i := range n {
		a.Values = append(a.Values, strconv.Itoa(i+1))
	}
	return a
}

func TestAxesOrder(t *testing.T) {
	t.Parallel()
	cpus, huge := harness.Axis{Key: "cpus", Values: []string{"1", "2"}}, harness.Axis{Key: "hugePage", Values: []string{"none", "2MiB"}}
	tests := []struct {
		name string
		axes harness.Axes
		want []string
	}{
		{"nothing", harness.Axes{}, []string{"default"}},
		{"product", harness.Axes{List: []harness.Axis{cpus, huge}}, []string{"cpus=1 hugePage=none", "cpus=1 hugePage=2MiB", "cpus=2 hugePage=none", "cpus=2 hugePage=2MiB"}},
		{"zip", harness.Axes{List: []harness.Axis{cpus, huge}, Zip: true}, []string{"cpus=1 hugePage=none", "cpus=2 hugePage=2MiB"}},
		{"sample of all", harness.Axes{List: []harness.Axis{cpus, huge}, Sample: 9}, []string{"cpus=1 hugePage=none", "cpus=1 hugePage=2MiB", "cpus=2 hugePage=none", "cpus=2 hugePage=2MiB"}},
		{"quoted", harness.Axes{List: []harness.Axis{{Key: "env.X", Values: []string{"", "a b", `"`, "é"}}}}, []string{`env.X=""`, `env.X="a b"`, `env.X="\""`, `env.X=é`}},
	}
	for _, tc := range tests {
		require.NoError(t, tc.axes.Check(), tc.name)
		var got []string
		for i := range tc.axes.Len() {
			v := tc.axes.Variant(i)
			require.Equal(t, i, v.Index)
			require.EqualValues(t, i, v.Product)
			got = append(got, tc.axes.Name(v))
		}
		require.Equal(t, tc.want, got, tc.name)
	}
	m, err := tests[1].axes.Of(tests[1].axes.Variant(2))
	require.NoError(t, err)
	require.Equal(t, 2, m.CPUs.Count())
	require.Zero(t, m.HugePage)
}

func TestAxesCheck(t *testing.T) {
	t.Parallel()
	twelve := []harness.Axis{numbers("env.A", 1000), numbers("env.B", 1000), numbers("env.C", 1000), numbers("env.D", 1000), numbers("env.E", 1000), numbers("env.F", 1000)}
	tests := []struct {
		name string
		axes harness.Axes
		want string
		size int // Len
	}{
		{"twice", harness.Axes{List: []harness.Axis{numbers("cpus", 2), numbers("cpus", 3)}}, "axis cpus: it is there twice: give all its values to one", 6},
		{"empty", harness.Axes{List: []harness.Axis{{Key: "cpus"}}}, "axis cpus: it has no values", 0},
		{"no key", harness.Axes{List: []harness.Axis{numbers("cpu", 2)}}, `axis cpu: unknown machine key "cpu"; did you mean "cpus"?`, 2},
		{"bad value", harness.Axes{List: []harness.Axis{{Key: "cpus", Values: []string{"1", "0"}}}}, `axis cpus: machine key cpus cannot be "0"`, 2},
		{"zip", harness.Axes{List: []harness.Axis{numbers("cpus", 2), numbers("env.X", 3)}, Zip: true},
			"axis cpus, env.X: axes that are zipped have the same number of values: cpus has 2, env.X has 3", 2},
		{"large", harness.Axes{List: twelve[:3]}, "axis env.A, env.B, env.C: together they have 1000000000 variants, and a sweep at most 10000000: draw a sample (--sample 10000)", 1e9},
		{"large sample", harness.Axes{List: twelve[:3], Sample: 1e8}, "a sample has at most 10000000 variants", 1e8},
		{"negative sample", harness.Axes{Sample: -1}, "a sample has 1 variant or more, and not -1", 1},
		{"astronomical sample", harness.Axes{List: twelve, Sample: 10}, "", 10},
		{"overflow", harness.Axes{List: append(twelve[:6:6], numbers("env.G", 10)), Sample: 10}, "2^63 variants or more", 10},
		{"overflow without a sample", harness.Axes{List: append(twelve[:6:6], twelve...)}, "twice", math.MaxInt},
		{"no machine", harness.Axes{List: []harness.Axis{numbers("cpus", 3)}, Machine: machine.Machine{PageSize: 4 << 20}},
			`axis cpus: not one of the 3 variants is a machine: of the first, machine key hugePage cannot be "2MiB": a huge page is larger than a page`, 3},
		{"one machine", harness.Axes{List: []harness.Axis{{Key: "hugePage", Values: []string{"2MiB", "4MiB", "1GiB"}}}, Machine: machine.Machine{PageSize: 4 << 20}}, "", 3},
		{"needs the other axis", harness.Axes{List: []harness.Axis{{Key: "cgroup.version", Values: []string{"2"}}, {Key: "cgroup.quota", Values: []string{"100000"}}},
			Machine: machine.Machine{Cgroup: machine.Cgroup{Version: machine.NoCgroup}}}, "", 1},
	}
	for _, tc := range tests {
		err := tc.axes.Check()
		if tc.want == "" {
			require.NoError(t, err, tc.name)
		} else {
			require.ErrorContains(t, err, tc.want, tc.name)
			var axis *harness.AxisError
			require.ErrorAs(t, err, &axis, tc.name)
		}
		require.Equal(t, tc.size, tc.axes.Len(), tc.name)
	}
}

// TestSample draws from products of every size: distinct, in order, the same each time, another for another seed, and from everywhere.
func TestSample(t *testing.T) {
	t.Parallel()
	huge := harness.Axes{Sample: 1000}
	for _, key := range []string{"env.A", "env.B", "env.C", "env.D", "env.E", "env.F"} {
		huge.List = append(huge.List, numbers(key, 1300)) // 4.8e18, beside 2^63-1
	}
	tests := []harness.Axes{
		{List: []harness.Axis{numbers("cpus", 10)}, Sample: 9},
		{List: []harness.Axis{numbers("cpus", 10)}, Sample: 1},
		{List: []harness.Axis{numbers("cpus", 100), numbers("env.X", 70)}, Sample: 1000},
		{List: []harness.Axis{numbers("cpus", 5000), numbers("env.X", 5000)}, Sample: 4999, Zip: true},
		huge,
	}
	for _, axes := range tests {
		product, ok := axes.Product()
		require.True(t, ok)
		require.NoError(t, axes.Check())
		require.Equal(t, axes.Sample, axes.Len())
		other := axes
		other.Seed = 1
		before, differs := int64(-1), axes.Sample+1 >= int(min(product, 1e6))
		for i := range axes.Len() {
			v := axes.Variant(i)
			require.Equal(t, i, v.Index)
			require.Equal(t, v, axes.Variant(i))
			require.Less(t, before, int64(v.Product))
			require.Less(t, v.Product, product)
			// the values are those of the place
			place := v.Product
			for k := len(axes.List) - 1; k >= 0 && !axes.Zip; k-- {
				n := uint64(len(axes.List[k].Values))
				require.Equal(t, axes.List[k].Values[place%n], v.Values[k])
				place /= n
			}
			before = int64(v.Product)
			differs = differs || other.Variant(i).Product != v.Product
		}
		require.True(t, differs)
	}
	// pinned: a seed means the same sample on every host and in every release
	require.Equal(t, []string{"cpus=1 env.X=2", "cpus=51 env.X=1", "env.A=1299 env.B=942 env.C=809 env.D=874 env.E=744 env.F=129"},
		[]string{name(tests[2], 0), name(tests[2], 500), name(huge, 999)})
}

func name(axes harness.Axes, i int) string { return axes.Name(axes.Variant(i)) }

// TestSampleFair: each value of each axis comes about as often as any other.
func TestSampleFair(t *testing.T) {
	t.Parallel()
	axes := harness.Axes{List: []harness.Axis{numbers("cpus", 16), numbers("env.X", 625), numbers("env.Y", 8)}, Sample: 8000, Seed: 7}
	times := map[string]int{}
	for i := range axes.Len() {
		v := axes.Variant(i)
		times["cpus"+v.Values[0]]++
		times["Y"+v.Values[2]]++
	}
	for i := range 16 {
		require.InDelta(t, 500, times["cpus"+strconv.Itoa(i+1)], 2)
	}
	for i := range 8 {
		require.InDelta(t, 1000, times["Y"+strconv.Itoa(i+1)], 150)
	}
}

func BenchmarkAxesOf(b *testing.B) {
	axes := harness.Axes{List: []harness.Axis{numbers("cpus", 16), {Key: "hugePage", Values: []string{"none", "2MiB"}}, {Key: "pageSize", Values: []string{"4KiB"}}}}
	for i := 0; b.Loop(); i++ {
		_, err := axes.Of(axes.Variant(i % 32))
		require.NoError(b, err)
	}
}
