// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/emu"
	"github.com/rt0-dev/rt0/kernel"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// Start says how a program is started: on which machine, and as whom.
type Start struct {
	Machine  machine.Machine // resolved
	UID, GID uint32
}

// Side is what one side did, view by view, not yet normalised.
type Side struct {
	Calls map[View][]Call
	SP    uint64 // the first stack pointer
	Bias  uint64 // what is added to the addresses of a position-independent image
}

// limit bounds a boot to its first clone, in instructions: a hundred times what hello takes.
const limit = 100_000_000

// Guest boots the program in rt0 up to its first clone, in the way package harness does. It does not use package harness, because that
// tells calls as text, and without what they point to.
func Guest(ctx context.Context, bin string, start Start) (*Side, error) {
	img, err := loader.Open(bin)
	if err != nil {
		return nil, err
	}
	engine, err := emu.New(emu.Config{Arch: img.Arch})
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	m := start.Machine
	layout, err := img.Load(engine.Mem(), uint64(m.PageSize))
	if err != nil {
		return nil, err
	}
	stack, err := loader.NewStack(engine.Mem(), img, layout, m, loader.StackOptions{UID: start.UID, GID: start.GID})
	if err != nil {
		return nil, err
	}
	side := &Side{SP: stack.SP, Bias: layout.Bias, Calls: map[View][]Call{Auxv: AuxvCalls(img.Arch, stack.AuxvBytes, layout.Bias)}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := false
	proc, err := kernel.New(kernel.Config{
		Engine: engine, Arch: img.Arch, Machine: m,
		Exe: "/" + filepath.Base(bin), ExeData: img.Data, Auxv: stack.AuxvBytes,
		Entry: layout.Entry, SP: stack.SP, Bias: layout.Bias, Brk: layout.Brk,
		Observer: kernel.Observer{Syscall: func(s *kernel.Syscall) {
			if done {
				return
			}
			l := looker{img.Arch, engine.Mem(), s}
			side.add(Registers, l.registers())
			side.add(Contents, l.contents())
			side.add(QEMU, l.qemu())
			if last(s.Name) {
				done = true
				stop()
			}
		}},
	})
	if err != nil {
		return nil, err
	}
	defer proc.Close()
	if exit := proc.Run(ctx, limit); !done {
		return nil, fmt.Errorf("boot %s: it ended before the first clone: %s %s", bin, exit.Kind, exit.Reason)
	}
	return side, nil
}

func (s *Side) add(v View, c Call) { s.Calls[v] = append(s.Calls[v], c) }

// AuxvWords reads an auxiliary vector's pairs, without the AT_NULL at its end.
func AuxvWords(a *arch.Arch, raw []byte) []loader.Aux {
	word := func(b []byte) uint64 {
		if a.PtrSize == 4 {
			return uint64(a.Order.Uint32(b))
		}
		return a.Order.Uint64(b)
	}
	var list []loader.Aux
	for ; len(raw) >= 2*a.PtrSize; raw = raw[2*a.PtrSize:] {
		aux := loader.Aux{Type: word(raw), Value: word(raw[a.PtrSize:])}
		if aux.Type == arch.AT_NULL {
			break
		}
		list = append(list, aux)
	}
	return list
}

// auxAddresses are the entries that hold an address of the stack or of the vDSO, which two runs do not share.
var auxAddresses = map[uint64]string{
	arch.AT_RANDOM: "stack", arch.AT_EXECFN: "stack", arch.AT_PLATFORM: "stack", arch.AT_SYSINFO: "vdso", arch.AT_SYSINFO_EHDR: "vdso",
}

// auxImage are the entries that hold an address in the image.
var auxImage = map[uint64]bool{arch.AT_PHDR: true, arch.AT_ENTRY: true}

// AuxvCalls writes an auxiliary vector as calls: the name of the entry, and its value as the result, less the image's bias.
func AuxvCalls(a *arch.Arch, raw []byte, bias uint64) []Call {
	var list []Call
	for _, aux := range AuxvWords(a, raw) {
		c := Call{Name: arch.AuxName(aux.Type), Result: auxAddresses[aux.Type]}
		if auxImage[aux.Type] {
			aux.Value -= bias
		}
		if c.Result == "" {
			c.Result = fmt.Sprintf("%#x", aux.Value)
		}
		list = append(list, c)
	}
	return list
}
