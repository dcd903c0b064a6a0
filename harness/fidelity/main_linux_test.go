// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// TestMain has what the tests start begin with every signal at its default, as rt0's guests do. What ignores a signal hands that down
// through execve: nohup does, and so does make, because glibc's posix_spawn has its children ignore signals 32 and 33 (spawni.c).
func TestMain(m *testing.M) {
	if err := defaultSignals(); err != nil {
		fmt.Fprintln(os.Stderr, "no longer ignore signals:", err)
		os.Exit(1)
	}
	m.Run()
}

// defaultSignals gives those that this process ignores their default. Neither os/signal nor glibc reaches 32 and 33.
func defaultSignals() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "\nSigIgn:\t")
	mask, _, _ := strings.Cut(rest, "\n")
	ignored, err := strconv.ParseUint(mask, 16, 64)
	if err != nil {
		return err
	}
	var byDefault [8]uint64 // a struct sigaction of the kernel's, SIG_DFL, on any architecture
	for sig := uintptr(1); ignored != 0; sig, ignored = sig+1, ignored>>1 {
		if ignored&1 == 0 {
			continue
		}
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, sig, uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
		if errno != 0 {
			return fmt.Errorf("rt_sigaction of signal %d: %w", sig, errno)
		}
	}
	return nil
}
