// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	of := func(ms ...int) series {
		var s series
		for _, v := range ms {
			s.samples = append(s.samples, sample{wall: time.Duration(v) * time.Millisecond})
		}
		return s
	}
	require.Equal(t, "20.0 ms", of(30, 10, 20).median(wall).String())
	require.Equal(t, "25.0 ms", of(40, 10, 30, 20).median(wall).String())
	require.Equal(t, "0.50", share(of(10), of(20), wall).String())
	require.Equal(t, "–", of().median(wall).String())
	require.Equal(t, "–", share(of(1), of(), wall).String())
	require.False(t, share(of(1), of(), wall) > ratio(0), "who cannot be compared has not lost")
	require.True(t, math.IsNaN(float64(of().median(wall))))
}

func TestUnpacked(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "tools")
	wrapper, program, libraries := filepath.Join(root, "bin", "x"), filepath.Join(root, "usr", "bin", "x"), filepath.Join(root, "usr", "lib", "m-linux-gnu")
	for _, file := range []string{wrapper, program} {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
		require.NoError(t, os.WriteFile(file, nil, 0o777))
	}
	require.NoError(t, os.MkdirAll(libraries, 0o777))
	path, env := unpacked(wrapper)
	require.Equal(t, program, path)
	require.Equal(t, []string{"LD_LIBRARY_PATH=" + libraries}, env)

	path, env = unpacked(program)
	require.Equal(t, program, path, "an installed program is run as it is")
	require.Empty(t, env)
}

func TestSwept(t *testing.T) {
	t.Parallel()
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	s := swept{wall: ms(100), cpu: ms(50), marks: []mark{
		{}, {rows: 4, at: ms(20), cpu: ms(10), rss: 1, hwm: 1},
		{rows: 8, at: ms(60), cpu: ms(30), rss: 3, hwm: 5}, {rows: 8, at: ms(100), cpu: ms(50), rss: 2, hwm: 4},
	}}
	at, cpu := s.when(6)
	require.Equal(t, ms(40), at)
	require.Equal(t, ms(20), cpu)
	wall, ran := s.mean(4, 8)
	require.Equal(t, "10.0 ms", wall.String())
	require.Equal(t, "5.00 ms", ran.String())
	require.EqualValues(t, 3, s.resident(5))
	require.EqualValues(t, 2, s.resident(9))
	require.EqualValues(t, 5, s.peak())
	require.Equal(t, "kernel.release=6.1.0,6.1.1,6.1.2", releases(3))
}

func TestJudge(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	require.Equal(t, met, judge(1, 2, 2, 2))
	require.Equal(t, missed, judge(1, 2, 3, 2))
	require.Equal(t, unknown, judge(nan, 2, 1, float64(noGoal)))
	require.Equal(t, met, judge(atLeast(45, 45)))
	require.Equal(t, missed, judge(atLeast(44, 45)))
	require.Equal(t, unknown, judge(atLeast(times(nan), 45)))
}

func TestPut(t *testing.T) {
	t.Parallel()
	begin, end := markers("main")
	table := newTable("title", "a", "b")
	table.row(1, missed)
	table.notes = append(table.notes, "a note")
	require.Equal(t, 1, table.missed)
	var content bytes.Buffer
	table.markdown(&content)
	require.Equal(t, "title.\n\n| a | b |\n| --- | --: |\n| 1 | missed |\n\n- a note\n", content.String())
	page, err := put([]byte("x\n"+begin+"old\n"+end+"y\n"), "main", content.Bytes())
	require.NoError(t, err)
	require.Equal(t, "x\n"+begin+content.String()+end+"y\n", string(page))
	_, err = put(page, "cold", nil)
	require.ErrorContains(t, err, "has no place for cold")
}

// TestPage: the page of the repository has a place for each section.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/performance.md")
	require.NoError(t, err)
	for _, s := range sections {
		_, err := put(page, s.name, nil)
		require.NoError(t, err)
	}
	list, err := chosen("cores,main")
	require.NoError(t, err)
	require.Len(t, list, 2)
	_, err = chosen("warmth")
	require.ErrorContains(t, err, `"warmth"`)
}
