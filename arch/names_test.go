// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFindErrno(t *testing.T) {
	t.Parallel()
	for _, name := range ErrnoNames() {
		for _, text := range []string{name, strings.ToLower(name)} {
			e, ok := FindErrno(text)
			require.True(t, ok, text)
			require.NotZero(t, e, text)
			if _, alias := errnoAliases[name]; !alias {
				require.Equal(t, name, e.String())
			}
		}
	}
	for name, want := range map[string]Errno{"EWOULDBLOCK": EAGAIN, "edeadlock": EDEADLK, "ENOTSUP": EOPNOTSUPP, "EHWPOISON": EHWPOISON} {
		e, ok := FindErrno(name)
		require.True(t, ok, name)
		require.Equal(t, want, e, name)
	}
	for _, name := range []string{"", "E", "ENOSIS", "38", "ENOSYS "} {
		_, ok := FindErrno(name)
		require.False(t, ok, name)
	}
	require.Len(t, ErrnoNames(), 133-2+1+len(errnoAliases), "41 and 58 are free, 134 is EFTYPE")
}

func TestFindSignal(t *testing.T) {
	t.Parallel()
	for _, name := range SignalNames() {
		for _, text := range []string{name, strings.ToLower(name), name[3:]} {
			s, ok := FindSignal(text)
			require.True(t, ok, text)
			if _, alias := signalAliases[name]; !alias {
				require.Equal(t, name, s.String())
			}
		}
	}
	for _, name := range []string{"", "SIG", "SIGNOT", "9"} {
		_, ok := FindSignal(name)
		require.False(t, ok, name)
	}
	require.Len(t, SignalNames(), 31+len(signalAliases))
}

func TestSyscallNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"futex_time64", "fcntl64", "sched_getaffinity", "arch_prctl", "_newselect", "riscv_hwprobe"} {
		require.True(t, HasSyscall(name), name)
	}
	for _, name := range []string{"", "futx", "FUTEX", "zzz"} {
		require.False(t, HasSyscall(name), name)
	}
}

func TestOwnErrno(t *testing.T) {
	t.Parallel()
	for _, a := range All() {
		want := uint64(38)
		if strings.HasPrefix(a.Name, "mips") {
			want = 89
		}
		require.Equal(t, want, a.OwnErrno(ENOSYS), a.Name)
		require.EqualValues(t, 1, a.OwnErrno(EPERM), a.Name)
	}
}

// The values of include/uapi/linux/audit.h.
func TestAudit(t *testing.T) {
	t.Parallel()
	want := map[string]uint32{
		"amd64": 0xc000003e, "386": 0x40000003, "arm64": 0xc00000b7, "arm": 0x40000028, "riscv64": 0xc00000f3, "ppc64": 0x80000015,
		"ppc64le": 0xc0000015, "s390x": 0x80000016, "mips": 0x8, "mipsle": 0x40000008, "mips64": 0x80000008, "mips64le": 0xc0000008,
	}
	for _, a := range All() {
		require.Equal(t, want[a.Name], a.Audit(), a.Name)
	}
}
