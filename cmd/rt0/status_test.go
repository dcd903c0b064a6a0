// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLine(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	line(&b, errors.New("bad\x1b[31m\nname\u009b: \tüber \n"))
	require.Equal(t, "rt0: bad [31m name :  über\n", b.String())
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, statusDied, statusOf(fmt.Errorf("outer: %w", failf(statusDied, "inner"))))
	require.Equal(t, statusUsage, statusOf(errors.New("cobra's own")))
	require.NoError(t, withStatus(statusRefused, nil))
}

func TestOlder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version string
		older   bool
	}{
		{"2.1.3", true}, {"2.1.4", false}, {"2.1.10", false}, {"2.2", false}, {"2.1", true}, {"3.0.0", false}, {"1.9.9", true},
		{"2.1.4-rc1", false}, {"", true},
	}
	for _, tc := range tests {
		require.Equal(t, tc.older, older(tc.version, []int{2, 1, 4}), tc.version)
	}
}
