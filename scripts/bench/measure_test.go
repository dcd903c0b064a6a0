// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	wall := func(s sample) time.Duration { return s.wall }
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
