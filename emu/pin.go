// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// pins keep Go memory where it is, so that C may hold on to it.
//
// What is mapped executable stays for the life of the engine: its pages are remembered by the address that they come from, over a restore,
// and nothing else may ever get that address. The rest is let go when what mapped it is undone.
type pins struct {
	always runtime.Pinner
	known  map[*byte]struct{} // what always has: the same memory is often mapped again after a restore
	recent runtime.Pinner     // since the first snapshot was taken or restored
	list   []*byte            // what recent has
}

// pin is the address of b for C.
func (e *Engine) pin(b []byte, prot Prot) *C.uint8_t {
	if len(b) == 0 {
		return nil
	}
	p := unsafe.SliceData(b)
	s := &e.pins
	if _, ok := s.known[p]; !ok && prot&Exec != 0 {
		s.hold(p)
	} else if !ok {
		s.recent.Pin(p)
		s.list = append(s.list, p)
	}
	return (*C.uint8_t)(unsafe.Pointer(p))
}

func (s *pins) hold(p *byte) {
	if s.known == nil {
		s.known = map[*byte]struct{}{}
	}
	if _, ok := s.known[p]; !ok {
		s.known[p] = struct{}{}
		s.always.Pin(p)
	}
}

// keep holds on for ever to what is pinned: a snapshot needs it, or it may have become executable.
func (s *pins) keep() {
	for _, p := range s.list {
		s.hold(p)
	}
	s.release()
}

// release lets go what was pinned since the first snapshot.
func (s *pins) release() {
	s.recent.Unpin()
	s.list = s.list[:0]
}

func (s *pins) drop() {
	s.release()
	s.always.Unpin()
	s.known = nil
}
