// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// workflow is what this test reads of a workflow.
type workflow struct {
	Jobs map[string]struct {
		Needs     any
		Container string
		Strategy  struct{ Matrix map[string]any }
		Steps     []actionStep
	}
}

func readWorkflow(t *testing.T, data []byte) workflow {
	t.Helper()
	var w workflow
	require.NoError(t, yaml.NewDecoder(bytes.NewReader(data)).Decode(&w))
	require.NotEmpty(t, w.Jobs)
	return w
}

// usesAction checks the steps of a workflow that use the action: the inputs are there.
func usesAction(t *testing.T, w workflow, name string) (steps []actionStep) {
	t.Helper()
	a := readAction(t)
	for job, j := range w.Jobs {
		for _, step := range j.Steps {
			require.Empty(t, expression.FindString(step.Run), "job %s", job)
			if step.Uses != name {
				continue
			}
			require.True(t, strings.HasPrefix(j.Container, "golang:"), "the engine is Debian's: job %s wants a container", job)
			for input := range step.With {
				require.Contains(t, a.Inputs, input, "job %s", job)
			}
			steps = append(steps, step)
		}
	}
	return steps
}

// This repository's workflow boots all parts of a matrix, and merges them.
func TestWorkflowUsesTheAction(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../.github/workflows/test.yml")
	require.NoError(t, err)
	w := readWorkflow(t, data)
	require.Len(t, usesAction(t, w, "./"), 2)
	require.Equal(t, "matrix", w.Jobs["merge"].Needs)
	parts, ok := w.Jobs["matrix"].Strategy.Matrix["part"].([]any)
	require.True(t, ok)
	for i, part := range parts {
		require.EqualValues(t, i+1, part)
	}
	steps := w.Jobs["matrix"].Steps
	with := steps[len(steps)-1].With
	require.Equal(t, fmt.Sprintf("${{ matrix.part }}/%d", len(parts)), with["shard"])
	require.Contains(t, with["artifact"], "${{ matrix.part }}", "each part has an artifact of its own")
}

// yamlBlock is a YAML example in a Markdown text.
var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The workflows that docs/ci.md shows name inputs that there are, and it explains each of them.
func TestDocumentedWorkflows(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/ci.md")
	require.NoError(t, err)
	used := 0
	for _, block := range yamlBlock.FindAllSubmatch(data, -1) {
		used += len(usesAction(t, readWorkflow(t, block[1]), "rt0-dev/rt0@main"))
	}
	require.GreaterOrEqual(t, used, 3)
	a := readAction(t)
	for _, list := range [][]string{keysOf(a.Inputs), keysOf(a.Outputs)} {
		for _, name := range list {
			require.Contains(t, string(data), "| `"+name+"` ", "docs/ci.md does not explain it")
		}
	}
}

func keysOf[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
