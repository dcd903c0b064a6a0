// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// addressed is the image on the machine's addresses: as wide as vm.addressBits says, or else wide enough for where mmap and the stack are to
// begin. The error says what the architecture has.
func addressed(img *loader.Image, m machine.Machine) (*loader.Image, error) {
	a := img.Arch
	if bits := m.VM.AddressBits; bits != 0 {
		wide, ok := a.Wide(bits)
		if !ok && a.PtrSize == 4 && bits > 32 { // a 64-bit kernel, whose 32-bit programs have all that they can reach
			wide, ok = a.Wide(slices.Max(a.AddressBits()))
		}
		if !ok {
			return nil, &machine.ValueError{Key: "vm.addressBits", Value: strconv.Itoa(bits),
				Want: fmt.Sprintf("the addresses of %s have %s bits", a.Name, listed(a.AddressBits()))}
		}
		a = wide
	}
	for _, place := range []struct {
		key  string
		addr machine.Addr
	}{{"vm.mmapTop", m.VM.MmapTop}, {"stack.top", m.Stack.Top}} {
		wide, ok := a.Reaching(uint64(place.addr))
		if !ok || m.VM.AddressBits != 0 && wide != a {
			return nil, &machine.ValueError{Key: place.key, Value: place.addr.String(), Want: fmt.Sprintf("user addresses of %s end at %#x", a.Name, topOf(a, m))}
		}
		a = wide
	}
	return img.On(a), nil
}

// topOf is where user addresses end: those of the machine's width, or the widest that there are.
func topOf(a *arch.Arch, m machine.Machine) uint64 {
	top := a.UserTop
	if m.VM.AddressBits == 0 {
		for _, w := range a.Widths {
			top = max(top, w.UserTop)
		}
	}
	return top
}

// listed is "39, 42 or 48".
func listed(list []int) string {
	slices.Sort(list)
	var words []string
	for _, n := range list {
		words = append(words, strconv.Itoa(n))
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
