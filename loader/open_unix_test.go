// SPDX-License-Identifier: GPL-2.0-or-later

//go:build unix

package loader_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/loader"
)

// TestOneMapping: a program that is booted many times is mapped once, or a thousand boots would hold a thousand mappings.
func TestOneMapping(t *testing.T) {
	t.Parallel()
	path := fixtures.Build(t, fixtures.Hello, "amd64")
	first, err := loader.Open(path)
	require.NoError(t, err)
	again, err := loader.Open(path)
	require.NoError(t, err)
	require.Same(t, &first.Data[0], &again.Data[0])
}
