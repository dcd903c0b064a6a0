// SPDX-License-Identifier: GPL-2.0-or-later

// Faults does what a CPU or a kernel answers with a signal, as its first argument says; with a second one, "default", after it has set
// the signals back to their default actions.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// faults are made from functions that have no frame where the architecture has a link register, two calls below main.
var faults = map[string]func(){
	"nil":      func() { store(nil) },
	"field":    func() { sink = load((*byte)(unsafe.Pointer(uintptr(offset)))) },
	"readonly": func() { store(add(pages(syscall.PROT_READ), offset)) },
	"none":     func() { sink = load(add(pages(syscall.PROT_NONE), offset)) },
	"jump":     func() { call(uintptr(unsafe.Pointer(add(unmapped(), 0x100)))) },
	"nilcall":  func() { call(0) },
	"nx":       func() { call(uintptr(unsafe.Pointer(add(pages(syscall.PROT_READ), 0x100)))) },
	"file":     func() { sink = load(add(behindFile(), offset)) },
	"illegal":  illegal,
	"trap":     trap,
	"divide":   divide,
}

// offset is an address in a page, and one at which no code begins.
const offset = 0x123

var sink byte

// illegal executes an undefined instruction, trap a breakpoint, and divide a division by zero that traps; where the architecture has none,
// divide returns. They are in fault.s.
func illegal()
func trap()
func divide()

//go:noinline
func store(p *byte) { *p = 1 }

//go:noinline
func load(p *byte) byte { return *p }

// call jumps to an address.
//
//go:noinline
func call(pc uintptr) {
	closure := &pc
	(*(*func())(unsafe.Pointer(&closure)))()
	sink++
}

func add(p *byte, n uintptr) *byte { return (*byte)(unsafe.Pointer(uintptr(unsafe.Pointer(p)) + n)) }

// pages are two new ones.
func pages(prot int) *byte {
	return mapping(-1, 2*os.Getpagesize(), prot, syscall.MAP_PRIVATE|syscall.MAP_ANON)
}

// unmapped is the address of pages that are there no more.
func unmapped() *byte {
	b, err := syscall.Mmap(-1, 0, 2*os.Getpagesize(), syscall.PROT_READ, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	p := &b[0]
	check(syscall.Munmap(b))
	return p
}

// behindFile is the first page of a mapping that its file does not reach.
func behindFile() *byte {
	f, err := os.Open("/proc/self/exe")
	check(err)
	info, err := f.Stat()
	check(err)
	page := os.Getpagesize()
	size := (int(info.Size()) + page - 1) / page * page
	return add(mapping(int(f.Fd()), size+page, syscall.PROT_READ, syscall.MAP_PRIVATE), uintptr(size))
}

func mapping(fd, size, prot, flags int) *byte {
	b, err := syscall.Mmap(fd, 0, size, prot, flags)
	check(err)
	return &b[0]
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
}

// reset sets the actions of the signals of faults back: a struct sigaction of zeroes is SIG_DFL on every architecture.
func reset() {
	var action [64]byte
	size := uintptr(8)
	if syscall.SIGBUS == 10 { // MIPS has 128 signals
		size = 16
	}
	for _, sig := range []syscall.Signal{syscall.SIGILL, syscall.SIGTRAP, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV} {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, size, 0, 0)
		if errno != 0 {
			check(errno)
		}
	}
}

//go:noinline
func fault(f func()) {
	f()
	sink++
}

func main() {
	f := faults[os.Args[1]]
	if len(os.Args) > 2 {
		reset()
	}
	fault(f)
	fmt.Println("nothing happened")
}
