// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// firstCalls are what the program stops at when it is started, so that its stack can be changed: the first system call that each
// architecture makes, before the runtime reads its stack.
const firstCalls = "arch_prctl,set_thread_area"

// straceViews are how strace is asked for each view.
var straceViews = map[View][]string{
	Registers: {"-e", "raw=all"},
	Contents:  {"-v", "-X", "raw", "-s", "1048576"},
}

// patience bounds one run of a program that is over in a few milliseconds.
const patience = 30 * time.Second

// native runs the program on the real kernel, once for each view of strace's, and tells the first stack pointer and the image's bias of each.
func native(t *testing.T, strace, bin string, img *loader.Image, m machine.Machine) (side *Side, sps, biases []uint64) {
	t.Helper()
	side = &Side{Calls: map[View][]Call{}}
	a := img.Arch
	for _, view := range []View{Registers, Contents} {
		r := &run{t: t, arch: a, machine: m, log: filepath.Join(t.TempDir(), "trace")}
		r.start(strace, straceViews[view], bin)
		calls, err := ParseStrace(r.text())
		require.NoError(t, err)
		require.NotEmpty(t, calls, "strace wrote:\n%s\n%s", r.text(), r.stderr.String())
		require.True(t, last(calls[len(calls)-1].Name), "the program ended before its first clone:\n%s", r.text())
		var bias uint64
		for _, aux := range AuxvWords(a, r.auxv) {
			if aux.Type == arch.AT_ENTRY {
				bias = aux.Value - img.Entry
			}
		}
		side.Calls[view], side.Calls[Auxv] = calls, AuxvCalls(a, r.auxv, bias)
		sps, biases = append(sps, r.sp), append(biases, bias)
	}
	return side, sps, biases
}

// run is a run under strace.
type run struct {
	t       *testing.T
	arch    *arch.Arch
	machine machine.Machine
	log     string
	stderr  bytes.Buffer

	sp   uint64 // the first stack pointer
	auxv []byte // as the kernel made it
}

// start runs the program up to its first clone.
func (r *run) start(strace string, options []string, bin string) {
	t := r.t
	args := append([]string{
		"-f", "-o", r.log,
		// What a shell that starts strace (scripts/tool.sh) adds to the environment is no part of the machine.
		"-E", "PWD", "-E", "OLDPWD", "-E", "SHLVL", "-E", "_",
		"-e", "inject=" + firstCalls + ":signal=SIGSTOP:when=1",
		"-e", "inject=clone,clone3:signal=SIGKILL:when=1",
	}, options...)
	cmd := exec.Command(strace, append(append(args, bin), r.machine.Args...)...)
	cmd.Env = append([]string{}, r.machine.Env...)
	cmd.Stderr = &r.stderr
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	pid := 0
	for deadline := time.Now().Add(patience); pid == 0; time.Sleep(time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("strace: %v: the program has ended before it stopped:\n%s\n%s", err, r.text(), r.stderr.String())
		default:
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("the program has not stopped at its first call:\n%s", r.text())
		}
		pid = stopped(r.text())
	}
	err := r.adapt(pid)
	process, _ := os.FindProcess(pid)
	if err != nil {
		_ = process.Kill()
		<-ended
	}
	require.NoError(t, err)
	require.NoError(t, process.Signal(syscall.SIGCONT))
	select {
	case <-ended: // by SIGKILL at the clone
	case <-time.After(patience):
		_ = process.Kill()
		t.Fatalf("the program has not come to its first clone:\n%s", r.text())
	}
}

func (r *run) text() string {
	text, err := os.ReadFile(r.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	return string(text)
}

// stopped finds the number of the process that strace says has stopped; 0: none.
func stopped(text string) int {
	for line := range strings.Lines(text) {
		if pid, rest, _ := strings.Cut(line, " "); strings.HasPrefix(strings.TrimSpace(rest), "--- stopped by SIGSTOP") {
			n, _ := strconv.Atoi(pid)
			return n
		}
	}
	return 0
}

// adapt reads what the kernel left on the stack of a stopped process, and changes it to what rt0's machine has: the random bytes, and no
// vDSO.
func (r *run) adapt(pid int) error {
	dir := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return err
	}
	// Field 28 is startstack, and field 3 the first after the program's name, which may contain anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if r.sp, err = strconv.ParseUint(fields[28-3], 10, 64); err != nil {
		return err
	}
	if r.auxv, err = os.ReadFile(dir + "auxv"); err != nil {
		return err
	}
	mem, err := os.OpenFile(dir+"mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	word := uint64(r.arch.PtrSize)
	read := func(addr uint64) uint64 {
		b := make([]byte, 8)
		if _, e := mem.ReadAt(b[:word], int64(addr)); e != nil {
			err = e
		}
		return r.arch.Order.Uint64(b)
	}
	if argc := read(r.sp); argc != uint64(1+len(r.machine.Args)) {
		return fmt.Errorf("the stack pointer %#x does not point to argc: there is %d", r.sp, argc)
	}
	at := r.sp + word*uint64(1+1+len(r.machine.Args)+1)
	for env := 0; ; env++ {
		p := read(at)
		at += word
		if p == 0 || err != nil {
			if err == nil && env != len(r.machine.Env) {
				return fmt.Errorf("the program was started with %d variables in place of %d", env, len(r.machine.Env))
			}
			break
		}
	}
	for i, aux := range AuxvWords(r.arch, r.auxv) {
		entry := at + 2*word*uint64(i)
		if got := read(entry); err == nil && got != aux.Type {
			return fmt.Errorf("the auxiliary vector is not at %#x: there is %d in place of %d", entry, got, aux.Type)
		}
		var e error
		switch aux.Type {
		case arch.AT_SYSINFO_EHDR:
			b := make([]byte, 8)
			r.arch.Order.PutUint64(b, arch.AT_IGNORE)
			_, e = mem.WriteAt(b[:word], int64(entry))
		case arch.AT_RANDOM:
			_, e = mem.WriteAt(r.machine.Random[:], int64(aux.Value))
		}
		err = errors.Join(err, e)
	}
	return err
}

// findStrace finds strace, or skips the test with the reason.
func findStrace(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skipf("the real kernel runs Linux programs for amd64 and 386 on linux/amd64; this is %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	requireHugePageFile(t)
	strace := findTool(t, "strace")
	if out, err := exec.Command(strace, "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		// A skip's reason has to be true: strace may be broken in other ways.
		cmd := exec.Command("true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
		if refusal := ptraceRefused(cmd); errors.Is(refusal, os.ErrPermission) || errors.Is(refusal, syscall.ENOSYS) {
			t.Skipf("ptrace is refused here: %v", refusal)
		}
		t.Fatalf("strace does not work, and not because ptrace is refused: %v\n%s", err, out)
	}
	return strace
}

// madvNoHugePage is Linux' MADV_NOHUGEPAGE (uapi asm-generic/mman-common.h), which package unix has on Linux alone.
const madvNoHugePage = 15

// requireHugePageFile skips the test where the kernel takes advice on huge pages and the file with their size is not to be seen: /sys is not
// mounted, or the kernel is older than the file. A machine of rt0 has both or neither.
func requireHugePageFile(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(hugePageFile); err == nil {
		return
	}
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer func() { require.NoError(t, unix.Munmap(page)) }()
	if unix.Madvise(page, madvNoHugePage) == nil {
		t.Skipf("this kernel has huge pages, and %s is not there: /sys is not mounted, or the kernel is older than Linux 4.10", hugePageFile)
	}
}

// ptraceRefused starts a program under ptrace, without strace; nil: it can be done.
func ptraceRefused(cmd *exec.Cmd) error {
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return nil
}

// findTool finds a command on PATH, or where scripts/tool.sh unpacks it; else it skips the test.
func findTool(t *testing.T, name string) string {
	t.Helper()
	if file, err := exec.LookPath(name); err == nil {
		return file
	}
	file, err := filepath.Abs(filepath.Join("..", "..", ".deps", "tools", "bin", name))
	require.NoError(t, err)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("%s is not installed: it is neither on PATH nor in .deps/tools/bin (make test installs it)", name)
	}
	return file
}

// interpreterRoot is the directory below which the interpreter is that a position-independent program names: the system's root, or that of
// a C library for the program's architecture as Debian packages it. Where there is none, it skips the test. A static program has no interpreter.
func interpreterRoot(t *testing.T, bin string) string {
	t.Helper()
	const root = "/"
	name, machine, order := interpreter(t, bin)
	fits := func(file string) bool {
		f, err := elf.Open(file)
		if err != nil {
			return false
		}
		defer f.Close()
		return f.Machine == machine && f.Data == order
	}
	if name == "" || fits(name) {
		return root
	}
	const library = "usr/*-linux-gnu*"
	tools, err := filepath.Abs(filepath.Join("..", "..", ".deps", "tools"))
	require.NoError(t, err)
	for _, dir := range []string{root, tools} {
		found, err := filepath.Glob(filepath.Join(dir, library, name))
		require.NoError(t, err)
		if i := slices.IndexFunc(found, fits); i >= 0 {
			return strings.TrimSuffix(found[i], name)
		}
	}
	t.Skipf("%s is not installed: it is neither below %s%s nor below .deps/tools/%s (make test installs it for the architectures that it knows)", name, root, library, library)
	return ""
}

// interpreter is the one that a program names, "" when it names none, and what machine it is for.
func interpreter(t *testing.T, bin string) (string, elf.Machine, elf.Data) {
	t.Helper()
	f, err := elf.Open(bin)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			name, err := io.ReadAll(p.Open())
			require.NoError(t, err)
			return string(bytes.TrimRight(name, "\x00")), f.Machine, f.Data
		}
	}
	return "", f.Machine, f.Data
}

// requireRuns skips the test when the kernel does not run a program of the architecture.
func requireRuns(t *testing.T, bin, goarch string) {
	t.Helper()
	cmd := exec.Command(bin)
	err := cmd.Start()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skipf("this kernel does not run %s programs: %v", goarch, err)
	}
	require.NoError(t, err)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
