// SPDX-License-Identifier: GPL-2.0-or-later

package loader

import (
	"bytes"
	"encoding/binary"
	"runtime/debug"

	"github.com/rt0-dev/rt0/emu"
)

// The blob that `go version` reads (debug/buildinfo), in programs since Go 1.13: 14 bytes of magic, the pointer size, flags. Up
// to Go 1.17 two pointers to Go strings follow; from 1.18 on, 32 bytes from the start, the strings themselves. It is read here
// rather than by debug/buildinfo because a PIE's pointers have to be relocated first, and because the headers are read already.
const (
	buildInfoMagic  = "\xff Go buildinf:"
	buildInfoFlags  = 15
	buildInfoHeader = 32
	flagInline      = 2
	// The linker frames the module information with two marks of 16 bytes (cmd/go/internal/modload/build.go).
	moduleFrame = 16
)

// readVersion finds the Go version and the build settings. A program may well not say them.
func (i *Image) readVersion() *Error {
	version, module := i.buildInfo()
	if version == "" {
		version = i.buildVersion()
	}
	if version == "" && i.pcln.release < 16 {
		version = i.guessVersion()
	}
	i.setVersion(version, module)
	return nil
}

// setVersion takes what a build info blob says.
func (i *Image) setVersion(version, module string) {
	i.GoVersion = clean([]byte(version))
	if len(module) >= 2*moduleFrame+1 && module[len(module)-moduleFrame-1] == '\n' {
		if info, err := debug.ParseBuildInfo(module[moduleFrame : len(module)-moduleFrame]); err == nil && len(info.Settings) > 0 {
			i.Settings = make(map[string]string, len(info.Settings))
			for _, s := range info.Settings {
				i.Settings[s.Key] = s.Value
			}
		}
	}
}

// describe tells what it can of a file that is refused: a report names what it is about. Without the section headers, and before Go 1.18,
// which put the version beside the mark, there is nothing to tell.
func (i *Image) describe() {
	if i.order == nil {
		return
	}
	i.BuildMode = buildModes[i.header.typ]
	if i.sections.buildinfo == nil {
		_ = i.readSections() // what it finds before it stumbles counts
	}
	s := i.sections.buildinfo
	if s == nil || i.GoVersion != "" {
		return
	}
	if b := s.bytes(i); bytes.HasPrefix(b, []byte(buildInfoMagic)) && len(b) > buildInfoHeader && b[buildInfoFlags]&flagInline != 0 {
		i.setVersion(i.decodeBuildInfo(s.addr, b))
	}
}

// buildInfo reads the blob: by its section, else where the linker puts it, in the first data segments.
func (i *Image) buildInfo() (version, module string) {
	if s := i.sections.buildinfo; s != nil {
		if b := s.bytes(i); bytes.HasPrefix(b, []byte(buildInfoMagic)) {
			return i.decodeBuildInfo(s.addr, b)
		}
	}
	for _, s := range i.Segments {
		if s.Prot&emu.Write == 0 {
			continue
		}
		b := i.Data[s.Offset : s.Offset+s.FileSize]
		if n := bytes.Index(b, []byte(buildInfoMagic)); n >= 0 {
			return i.decodeBuildInfo(s.Addr+uint64(n), b[n:])
		}
	}
	return "", ""
}

func (i *Image) decodeBuildInfo(addr uint64, b []byte) (version, module string) {
	if len(b) < buildInfoHeader {
		return "", ""
	}
	if b[buildInfoFlags]&flagInline == 0 {
		first := addr + buildInfoFlags + 1
		return i.goStringAt(first), i.goStringAt(first + uint64(i.Arch.PtrSize))
	}
	b = b[buildInfoHeader:]
	next := func() string {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			b = nil
			return ""
		}
		s := string(b[n : n+int(size)])
		b = b[n+int(size):]
		return s
	}
	version = next()
	return version, next()
}

// buildVersion reads the variable of that name, in programs older than the blob.
func (i *Image) buildVersion() string {
	addr, _, ok := i.Var("runtime.buildVersion")
	if !ok {
		return ""
	}
	return i.goString(addr)
}

// goStringAt reads the string whose header the pointer at addr points to.
func (i *Image) goStringAt(addr uint64) string {
	header, ok := i.pointer(addr)
	if !ok {
		return ""
	}
	return i.goString(header)
}

// goString reads the string whose header is at addr.
func (i *Image) goString(addr uint64) string {
	data, ok1 := i.pointer(addr)
	size, ok2 := i.pointer(addr + uint64(i.Arch.PtrSize))
	if !ok1 || !ok2 {
		return ""
	}
	b, _ := i.at(data, size)
	return string(b)
}

// guessVersion looks for the version among the constants of a stripped program of Go 1.4 to 1.12. String constants stand side
// by side there, sorted by length and alphabet, so that what follows is no digit.
func (i *Image) guessVersion() string {
	const prefix = "go1."
	for _, s := range i.Segments {
		if s.Prot&emu.Write != 0 {
			continue
		}
		for b := i.Data[s.Offset : s.Offset+s.FileSize]; ; {
			n := bytes.Index(b, []byte(prefix))
			if n < 0 {
				break
			}
			b = b[n:]
			if v := release(b[len(prefix):]); v != "" {
				return prefix + v
			}
			b = b[len(prefix):]
		}
	}
	return ""
}

// release cuts "11.13" or "12" from the start of b; "" when there is no release from before the blob.
func release(b []byte) string {
	number := func(b []byte) int {
		n := 0
		for n < len(b) && n < 3 && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		return n
	}
	minor := number(b)
	if v := string(b[:minor]); v != "10" && v != "11" && v != "12" && !(minor == 1 && v[0] >= '4') {
		return ""
	}
	if minor < len(b) && b[minor] == '.' {
		if patch := number(b[minor+1:]); patch > 0 {
			minor += 1 + patch
		}
	}
	return string(b[:minor])
}
