// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"fmt"
	"strings"
)

// Kind says what is wrong with a file, for callers that decide by it.
type Kind string

// The kinds of refusal. Each file that cannot be booted has exactly one.
const (
	Unreadable      Kind = "unreadable"       // the file cannot be opened or read
	NotELF          Kind = "not-elf"          // not an ELF file
	Truncated       Kind = "truncated"        // a part that the headers promise is beyond the end of the file
	Corrupt         Kind = "corrupt"          // the headers contradict each other, or what a loader can do
	WrongOS         Kind = "wrong-os"         // made for another operating system
	UnsupportedArch Kind = "unsupported-arch" // for a CPU that rt0 does not boot
	NotExecutable   Kind = "not-executable"   // an object file, a core dump, a shared library
	NotGo           Kind = "not-go"           // not made by the Go linker
	NeedsLibraries  Kind = "needs-libraries"  // wants shared libraries at start-up
	Relocation      Kind = "relocation"       // has a relocation that only a full dynamic linker can do
	Refused         Kind = "refused"          // sound, but this machine's kernel would not start it
)

// Error is why a file cannot be booted: one sentence.
type Error struct {
	Kind   Kind
	Path   string
	Arch   string // GOARCH, "" before it is known
	Reason string // the sentence, without file and architecture
	Err    error  // the cause, where there is one
	// Image is what could be told of the file nevertheless: its bytes, GOARCH, version, settings, mode. Nil when it could not be read.
	Image *Image
}

// Error names the file, the architecture once it is known, and the reason.
func (e *Error) Error() string {
	s := e.Path
	if e.Arch != "" {
		s += " (" + e.Arch + ")"
	}
	s += ": " + e.Reason
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// fail makes the Error of an image that is being parsed or loaded.
func (i *Image) fail(kind Kind, format string, args ...any) *Error {
	e := &Error{Kind: kind, Path: i.Path, Reason: fmt.Sprintf(format, args...)}
	if i.Arch != nil {
		e.Arch = i.Arch.Name
	}
	return e
}

// magics are the starts of files that people hand over by mistake, longest first where one begins another.
var magics = []struct {
	prefix string
	kind   Kind
	what   string
}{
	{"MZ", WrongOS, "it is a Windows program (PE), not a Linux one: build with GOOS=linux"},
	{"\xcf\xfa\xed\xfe", WrongOS, "it is a macOS program (Mach-O), not a Linux one: build with GOOS=linux"},
	{"\xce\xfa\xed\xfe", WrongOS, "it is a macOS program (Mach-O), not a Linux one: build with GOOS=linux"},
	{"\xfe\xed\xfa\xcf", WrongOS, "it is a macOS program (Mach-O), not a Linux one: build with GOOS=linux"},
	{"\xfe\xed\xfa\xce", WrongOS, "it is a macOS program (Mach-O), not a Linux one: build with GOOS=linux"},
	{"\xca\xfe\xba\xbe", WrongOS, "it is a macOS universal program (Mach-O), not a Linux one: build with GOOS=linux"},
	{"\x01\xf7\x00", WrongOS, "it is an AIX program (XCOFF), not a Linux one: build with GOOS=linux"},
	{"\x00\x00\x01\xeb", WrongOS, "it is a Plan 9 program, not a Linux one: build with GOOS=linux"},
	{"\x00\x00\x8a\x97", WrongOS, "it is a Plan 9 program, not a Linux one: build with GOOS=linux"},
	{"\x00\x00\x06\x47", WrongOS, "it is a Plan 9 program, not a Linux one: build with GOOS=linux"},
	{"\x00asm", NotELF, "not an ELF file: it is WebAssembly"},
	{"!<arch>\n", NotELF, "not an ELF file: it is an archive"},
	{"#!", NotELF, "not an ELF file: it is a script"},
	{"\x1f\x8b", NotELF, "not an ELF file: it is compressed (gzip)"},
	{"PK\x03\x04", NotELF, "not an ELF file: it is compressed (zip)"},
	{"go object ", NotELF, "not an ELF file: it is a Go object file"},
}

// foreign is the error of a file that does not start as ELF files do.
func (i *Image) foreign() *Error {
	if len(i.Data) == 0 {
		return i.fail(NotELF, "not an ELF file: it is empty")
	}
	for _, m := range magics {
		if bytes.HasPrefix(i.Data, []byte(m.prefix)) {
			return i.fail(m.kind, "%s", m.what)
		}
	}
	return i.fail(NotELF, "not an ELF file: it starts with %q", i.Data[:min(4, len(i.Data))])
}

// clean makes bytes of a hostile file fit for one line of an error.
func clean(b []byte) string {
	if len(b) > 80 {
		b = append(b[:77:77], "..."...)
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '?'
		}
		return r
	}, string(b))
}
