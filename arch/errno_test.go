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

// MIPS's numbers are others, and each is one errno's or signal's only.
func TestRenumbered(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		names  []string
		table  []Renumbered
		known  map[uint64]uint64
		signal bool
	}{
		{"errnos", errnoNames[:], mipsErrnos, map[uint64]uint64{
			uint64(EDEADLK): 45, uint64(ENOSYS): 89, uint64(ETIMEDOUT): 145, uint64(EDQUOT): 1133,
		}, false},
		{"signals", signalNames[:], mipsSignals, map[uint64]uint64{uint64(SIGBUS): 10, uint64(SIGSTKFLT): 7, uint64(SIGURG): 21}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			own := map[uint64]uint64{}
			for _, r := range tc.table {
				require.NotContains(t, own, r.Generic)
				require.NotEqual(t, r.Generic, r.Own)
				own[r.Generic] = r.Own
			}
			for g, o := range tc.known {
				require.Equal(t, o, own[g])
			}
			back := map[uint64]uint64{}
			for n, name := range tc.names {
				if name == "" {
					continue
				}
				o, ok := own[uint64(n)]
				if !ok {
					o = uint64(n)
				}
				require.NotContains(t, back, o, name)
				back[o] = uint64(n)
				if tc.signal {
					require.Less(t, o, uint64(32))
				}
			}
		})
	}
}

func TestAuxName(t *testing.T) {
	t.Parallel()
	require.Equal(t, "AT_PHDR", AuxName(AT_PHDR))
	require.Equal(t, "AT_SYSINFO_EHDR", AuxName(AT_SYSINFO_EHDR))
	require.Equal(t, "38", AuxName(38))
}
