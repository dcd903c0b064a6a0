// SPDX-License-Identifier: GPL-2.0-or-later

package emu

/*
#include "shim.h"

// The engine reads guest memory by its TLB when a segment register is set, which is before the next run would flush it.
static void flush_tlb(struct rt0_engine *e)
{
	if (e->broken)
		return;
	uc_ctl_flush_tlb(e->uc);
	e->space.tlb_stale = false;
}
*/
import "C"

import (
	"errors"
	"slices"
)

// ErrSnapshotGone says that a snapshot was dropped by restoring an older one, or belongs to another engine.
var ErrSnapshotGone = errors.New("restore snapshot: it is no longer there; an older one was restored since")

// Snapshot is a moment of an engine: registers, counts and memory. Its pages are shared, copy-on-write, with what runs on; translated code
// stays warm over a restore. Snapshots form a stack: restoring one drops the newer ones, and keeps it valid.
type Snapshot struct {
	context               *Context
	mark                  C.size_t
	goal, blocks, counter C.uint64_t
	left                  C.int64_t
	atBreak               C.bool
}

// Snapshot takes one.
func (e *Engine) Snapshot() (*Snapshot, error) {
	mark := C.rt0_space_snapshot(&e.c.space)
	if mark == C.SIZE_MAX {
		return nil, errors.New("take snapshot: out of memory")
	}
	s := &Snapshot{e.NewContext(), mark, e.c.goal, e.c.blocks, e.c.counter, e.c.left, e.c.at_break}
	s.context.Save()
	e.pins.keep()
	e.snapshots = append(e.snapshots, s)
	return s, nil
}

// Restore goes back to s.
func (e *Engine) Restore(s *Snapshot) error {
	i := slices.Index(e.snapshots, s)
	if i < 0 {
		return ErrSnapshotGone
	}
	for _, newer := range e.snapshots[i+1:] {
		newer.context.Close()
	}
	e.snapshots = e.snapshots[:i+1]
	C.rt0_space_restore(&e.c.space, s.mark)
	C.flush_tlb(e.c)
	if len(e.snapshots) == 1 {
		e.pins.release()
	}
	s.context.Load()
	e.c.goal, e.c.left, e.c.blocks, e.c.counter, e.c.at_break = s.goal, s.left, s.blocks, s.counter, s.atBreak
	return nil
}
