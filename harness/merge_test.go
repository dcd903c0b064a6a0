// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/machine"
)

// mergeJobs are those of a matrix whose programs, variants and machines are in no order but the user's.
func mergeJobs(t *testing.T) []MatrixJob {
	t.Helper()
	machines := []machine.Machine{machine.New(), machine.New(), machine.New()}
	for i, name := range []string{"zeta", "alpha", "mid"} {
		machines[i].Name = name
	}
	jobs, err := MatrixPlan{
		Programs: []fixtures.Spec{{Program: "runtime"}, {Program: "hello"}},
		SDKs:     []fixtures.SDK{{Name: "go1.9.7"}, {Name: "go1.26.1"}, {Name: "devel_1"}},
		Arches:   []string{"amd64", "386"},
		Variants: []fixtures.Variant{{Name: "stripped"}, {Name: "exe"}, {Name: "pie"}},
		Machines: machines,
	}.Jobs()
	require.NoError(t, err)
	return jobs
}

// savedPart is the document that a part of a matrix saves, with boots that did what their cell says.
func savedPart(whole, jobs []MatrixJob, shard string) Document {
	d := NewDocument()
	d.Matrix = AxesOf(whole)
	if shard != "" {
		d.Matrix.Shards = []string{shard}
	}
	for _, job := range jobs {
		r := job.labelled(newReport(job.Spec.Program, job.Machine, newOptions(nil)))
		r.Outcome, r.Hash = Reached, fmt.Sprintf("%x", job.Cell)
		d.Boots = append(d.Boots, r)
	}
	return d
}

func written(t *testing.T, d Document) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, d.Write(&b))
	return b.String()
}

func TestMergedPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	jobs := mergeJobs(t)
	whole := written(t, savedPart(jobs, jobs, ""))
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 8, 36, 50} { // 50 parts of 36 builds: some are empty
		var parts []NamedDocument
		for k := 1; k <= n; k++ {
			d, err := ReadDocument(bytes.NewBufferString(written(t, savedPart(jobs, Shard(jobs, k, n), ShardName(k, n)))))
			require.NoError(t, err)
			parts = append(parts, NamedDocument{ShardName(k, n), d})
		}
		for range 5 {
			random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			merged, warning, err := Merge(parts...)
			require.NoError(t, err)
			require.Empty(t, warning)
			require.Equal(t, whole, written(t, merged))

			// In two steps, whatever the first of them has.
			some, _, err := Merge(parts[:(n+1)/2]...)
			if n > 1 {
				require.IsType(t, &MissingError{}, err)
				require.Len(t, err.(*MissingError).Shards, n/2)
			}
			merged, _, err = Merge(append(parts[(n+1)/2:len(parts):len(parts)], NamedDocument{"some", some})...)
			require.NoError(t, err)
			require.Equal(t, whole, written(t, merged))
		}
	}
}

func TestMergeDecides(t *testing.T) {
	t.Parallel()
	jobs := mergeJobs(t)[:2]
	document := func(name string, change func(d *Document)) NamedDocument {
		d := savedPart(jobs, jobs, "")
		if change != nil {
			change(&d)
		}
		return NamedDocument{name, d}
	}
	a := document("a.json", nil)

	other := document("b.json", func(d *Document) { d.Boots[1].Hash = "77" })
	for _, documents := range [][]NamedDocument{{a, other}, {other, a}} {
		_, _, err := Merge(documents...)
		conflict := (*ConflictError)(nil)
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, [2]string{"a.json", "b.json"}, conflict.In)
		require.ErrorContains(t, err, "a.json and b.json have different boots of runtime go1.9.7/amd64-stripped/alpha (")
	}

	refused := document("b.json", func(d *Document) { d.Boots[1].Outcome, d.Boots[1].Hash = Refused, "" })
	for _, documents := range [][]NamedDocument{{a, refused}, {refused, a}} {
		merged, _, err := Merge(documents...)
		require.NoError(t, err)
		require.Equal(t, written(t, a.Document), written(t, merged), "a boot that was carried out is kept")
	}

	_, warning, err := Merge(a, document("b.json", func(d *Document) { d.RT0.Version = "v9.9.9" }))
	require.NoError(t, err)
	require.Equal(t, "a.json was made by rt0 "+Version()+", and b.json by rt0 v9.9.9: differences may be rt0's own", warning)

	// Other toolchains come in their order, other machines behind.
	next := mergeJobs(t)
	var later []MatrixJob
	for _, job := range next {
		if job.Cell.Program == "runtime" && job.Cell.Variant == "stripped" && job.Cell.Toolchain != "devel_1" {
			later = append(later, job)
		}
	}
	merged, _, err := Merge(NamedDocument{"z", savedPart(later[6:], later[6:], "")}, a)
	require.NoError(t, err)
	require.Equal(t, []string{"go1.9.7", "go1.26.1"}, merged.Matrix.Toolchains)
	require.Equal(t, "go1.9.7", merged.Boots[0].Cell.Toolchain)

	part := document("p.json", func(d *Document) { d.Matrix.Shards = []string{"1/2"} })
	_, _, err = Merge(part, NamedDocument{"z.json", savedPart(later, later, "")})
	require.ErrorContains(t, err, "p.json is part 1/2 of a matrix that z.json is no part of")
}
