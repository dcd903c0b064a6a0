// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErrno(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		errno Errno
		n     uint32
		name  string
	}{
		{0, 0, "0"},
		{EPERM, 1, "EPERM"},
		{EAGAIN, 11, "EAGAIN"},
		{EWOULDBLOCK, 11, "EAGAIN"},
		{ENOSYS, 38, "ENOSYS"},
		{EOPNOTSUPP, 95, "EOPNOTSUPP"},
		{ETIMEDOUT, 110, "ETIMEDOUT"},
		{EHWPOISON, 133, "EHWPOISON"},
		{Errno(4095), 4095, "4095"},
	} {
		require.Equal(t, tc.n, uint32(tc.errno))
		require.Equal(t, tc.name, tc.errno.String())
	}
	require.EqualError(t, fmt.Errorf("open: %w", ENOENT), "open: ENOENT")
}

func TestSignal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		signal Signal
		n      int
		name   string
	}{
		{SIGHUP, 1, "SIGHUP"},
		{SIGABRT, 6, "SIGABRT"},
		{SIGSEGV, 11, "SIGSEGV"},
		{SIGURG, 23, "SIGURG"},
		{SIGSYS, 31, "SIGSYS"},
		{Signal(34), 34, "34"},
		{Signal(-1), -1, "-1"},
	} {
		require.Equal(t, tc.n, int(tc.signal))
		require.Equal(t, tc.name, tc.signal.String())
	}
}

func TestAuxName(t *testing.T) {
	t.Parallel()
	require.Equal(t, "AT_PHDR", AuxName(AT_PHDR))
	require.Equal(t, "AT_SYSINFO_EHDR", AuxName(AT_SYSINFO_EHDR))
	require.Equal(t, "40", AuxName(40))
}
