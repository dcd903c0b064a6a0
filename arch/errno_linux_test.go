// SPDX-License-Identifier: GPL-2.0-or-later

//go:build 386 || amd64 || arm64

package arch

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The generated names are those that golang.org/x/sys knows, where a number has one name.
func TestNamesOfTheHost(t *testing.T) {
	t.Parallel()
	several := []Errno{EAGAIN, EDEADLK, EOPNOTSUPP}
	for n := Errno(1); n < 150; n++ {
		if name := unix.ErrnoName(syscall.Errno(n)); name != "" {
			if n != several[0] && n != several[1] && n != several[2] {
				require.Equal(t, name, n.String())
			}
		}
	}
	for n := Signal(1); n < 32; n++ {
		require.Equal(t, unix.SignalName(syscall.Signal(n)), n.String())
	}
}
