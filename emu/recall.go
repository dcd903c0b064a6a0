// SPDX-License-Identifier: GPL-2.0-or-later

package emu

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
)

// A Recollection keeps what stretches of a program did, from one stop to the next: engines that share it do not run again what begins with the
// same registers and reads the same memory, but do at once what it did. Nothing that can be seen of the guest differs by that, its counts
// included. One engine at a time may record; any number may recall meanwhile.
type Recollection struct{ c *C.struct_rt0_recollection }

// NewRecollection makes one that holds so many bytes at most, beside what is in Go's memory.
func NewRecollection(bytes uint64) (*Recollection, error) {
	c := C.rt0_recollection_open(C.uint64_t(bytes))
	if c == nil {
		return nil, errors.New("make recollection: out of memory")
	}
	return &Recollection{c}, nil
}

// Close frees it. The engines that share it must be closed before.
func (r *Recollection) Close() {
	if r.c != nil {
		C.rt0_recollection_close(r.c)
		r.c = nil
	}
}

// Recorded tells the engines that recall that there is more: where nothing was known for some time, they have ceased to look.
func (r *Recollection) Recorded() { C.rt0_recollection_changed(r.c) }

// Forget empties it. No engine that shares it may run meanwhile.
func (r *Recollection) Forget() { C.rt0_recollection_forget(r.c) }

// Size is how many bytes it holds.
func (r *Recollection) Size() uint64 { return uint64(C.rt0_recollection_bytes(r.c)) }

// Recalled is how many of the instructions that the engine was asked for since New were recalled, those that Restore undid included.
func (e *Engine) Recalled() uint64 { return uint64(e.c.recalled) }

// recall has the engine use cfg.Recollection.
func (e *Engine) recall(cfg Config) error {
	if cfg.Recollection == nil {
		return nil
	}
	if !C.rt0_recall_begin(e.c, cfg.Recollection.c, C.bool(cfg.Record)) {
		return fmt.Errorf("open engine for %s: no memory for a recollection", e.arch.Name)
	}
	return nil
}
