// SPDX-License-Identifier: GPL-2.0-or-later

// Package loader reads a Go program's ELF file and sets up a process from it.
//
// Reading and loading are apart. [Open] and [Parse] are pure: they look at the file's bytes, depend on nothing of the host, and
// give an [Image] or an [*Error] of one sentence. [Image.Load] and [NewStack] have effects: they fill an address space as
// Linux' load_elf_binary (fs/binfmt_elf.c) and, for a PIE, ld.so would.
//
// The file is hostile until proven otherwise. Nothing is allocated by a size that the file merely claims: every table is checked
// against the bytes that are there before it is walked, and names are cut from the file when they are asked for. The package
// therefore decodes headers itself and takes only the vocabulary of debug/elf.
package loader

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
)

// Newest is the minor release of Go 1 that a development version counts as.
const Newest = 27

// Image is a Go executable, as its file says. All addresses are the file's own; [Layout.Bias] is added when it is loaded.
// An Image does not change after Parse and can be used by many goroutines.
type Image struct {
	Path      string
	Data      []byte // the whole file; read-only
	Arch      *arch.Arch
	GoVersion string            // "go1.26.8"; "" when a stripped binary of an old release does not say
	Settings  map[string]string // build settings (GOOS, -tags, vcs.revision, ...); nil before Go 1.18
	BuildMode string            // "exe" or "pie"
	Stripped  bool              // no symbol table
	Entry     uint64            // address of the first instruction
	// Descriptors says that functions are named by descriptors, of a code address and a TOC (PowerPC's first ELF ABI): where the kernel
	// is given a function, it is given the address of one. TOC is the entry point's.
	Descriptors bool
	TOC         uint64
	Segments    []Segment // PT_LOAD, ascending

	order    binary.ByteOrder
	wide     bool // ELF64
	header   header
	programs []program
	sections wanted
	interp   bool // PT_INTERP is there: relocating is ld.so's job, hence ours
	dynamic  dynamic
	relocs   []relocation // what ld.so would do

	pcln    pclntab
	funcs   func() funcTable
	symbols func() symbolTable
	sum     func() string
}

// On is the image for a computer whose addresses are those of a, a copy of the image's own architecture ([arch.Arch.Wide]).
func (i *Image) On(a *arch.Arch) *Image {
	if i.Arch == a {
		return i
	}
	other := *i
	other.Arch = a
	return &other
}

// Segment is a PT_LOAD program header.
type Segment struct {
	Addr, MemSize    uint64
	Offset, FileSize uint64
	Prot             emu.Prot
}

// maxFile bounds what Open takes, in bytes. Go's linker refuses a section of over 2e9 bytes (cmd/link: "too much data"), and
// large programs are a tenth of that with their debug information.
const maxFile = 1<<31 - 1

// Open reads the executable at path. The error is an [*Error].
func Open(path string) (*Image, error) {
	i := &Image{Path: path}
	unreadable := func(err error) (*Image, error) {
		e := i.fail(Unreadable, "cannot be read")
		if pe, ok := err.(*os.PathError); ok { // the path is in the sentence already
			err = pe.Err
		}
		e.Err = err
		return nil, e
	}
	f, err := os.Open(path)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return unreadable(err)
	case st.IsDir():
		return nil, i.fail(Unreadable, "cannot be read: it is a directory")
	case !st.Mode().IsRegular():
		return nil, i.fail(Unreadable, "cannot be read: it is not a regular file")
	case st.Size() > maxFile:
		return nil, i.fail(Corrupt, "absurd size: the file has %d bytes, more than any Go program", st.Size())
	}
	data, err := contents(f, st.Size())
	if err != nil {
		return unreadable(err)
	}
	return Parse(path, data)
}

// Parse reads an executable from its bytes, which must not change while the Image is in use; name is its path in errors.
// The error is an [*Error].
func Parse(name string, data []byte) (*Image, error) {
	i := &Image{Path: name, Data: data, Stripped: true}
	i.funcs = sync.OnceValue(i.readFuncs)
	i.symbols = sync.OnceValue(i.readSymbols)
	i.sum = sync.OnceValue(func() string {
		s := sha256.Sum256(i.Data)
		return hex.EncodeToString(s[:])
	})
	if err := i.parse(); err != nil {
		i.describe()
		err.Image = i
		return nil, err
	}
	return i, nil
}

// SHA256 is the file's checksum, in hexadecimal. It is computed on the first call.
func (i *Image) SHA256() string { return i.sum() }

// GOARCH is the architecture's name, also of one that rt0 does not boot; "" when the file does not tell.
func (i *Image) GOARCH() string {
	if i.Arch != nil {
		return i.Arch.Name
	}
	name, _ := arch.GOARCH(i.header.machine, i.class(), i.data())
	return name
}

// Minor is N of Go 1.N. Development versions that do not say it, and binaries that say nothing, count as [Newest].
func (i *Image) Minor() int {
	_, rest, ok := strings.Cut(i.GoVersion, "go1.")
	if !ok {
		return Newest
	}
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits >= 0 {
		rest = rest[:digits]
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		return Newest
	}
	return n
}

// at gives size bytes of the file that are mapped at addr; !ok when any of them is not in a segment's file part.
func (i *Image) at(addr, size uint64) ([]byte, bool) {
	b, ok := i.from(addr)
	if !ok || uint64(len(b)) < size {
		return nil, false
	}
	return b[:size:size], true
}

// from gives the file's bytes from addr to the end of its segment's file part.
func (i *Image) from(addr uint64) ([]byte, bool) {
	for n := range i.Segments {
		s := &i.Segments[n]
		if addr >= s.Addr && addr-s.Addr < s.FileSize {
			return i.Data[s.Offset+(addr-s.Addr) : s.Offset+s.FileSize], true
		}
	}
	return nil, false
}

// word reads a pointer-sized value.
func (i *Image) word(b []byte) uint64 {
	if i.Arch.PtrSize == 8 {
		return i.order.Uint64(b)
	}
	return uint64(i.order.Uint32(b))
}

// executable says whether addr is in a segment that may be executed.
func (i *Image) executable(addr uint64) bool {
	for _, s := range i.Segments {
		if addr >= s.Addr && addr-s.Addr < s.MemSize {
			return s.Prot&emu.Exec != 0
		}
	}
	return false
}

// cstring cuts b at its first zero byte; !ok when there is none.
func cstring(b []byte) ([]byte, bool) {
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		return nil, false
	}
	return b[:n], true
}
