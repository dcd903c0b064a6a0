// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/loader"
	"github.com/rt0-dev/rt0/machine"
)

// addressed is the image on the machine's addresses: as wide as vm.addressBits says, or else wide enough for where mmap and the stack
// are to begin. The error says what of the machine the architecture does not have.
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
			return nil, &machine.ValueError{Key: place.key, Value: place.addr.String(),
				Want: fmt.Sprintf("user addresses of %s end at %#x", a.Name, topOf(a, m))}
		}
		a = wide
	}
	return img.On(a), given(a, m)
}

// given checks what the machine says of registers and auxv against the architecture: names, and the width of a word.
func given(a *arch.Arch, m machine.Machine) error {
	for _, set := range []struct {
		prefix string
		values map[string]string
	}{{"registers.", m.Registers}, {"auxv.", m.Auxv}} {
		for _, name := range slices.Sorted(maps.Keys(set.values)) {
			value := set.values[name]
			if v, err := strconv.ParseUint(value, 0, 64); err == nil && a.PtrSize == 4 && v>>32 != 0 {
				return &machine.ValueError{Key: set.prefix + name, Value: value, Want: fmt.Sprintf("a word of %s has 32 bits", a.Name)}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Registers)) {
		if _, ok := a.Register(name); !ok {
			var names []string
			for _, r := range a.Registers {
				names = append(names, r.Name)
			}
			want := a.Name + " has no register of that name"
			if meant := nearest(name, names); meant != "" {
				want += fmt.Sprintf("; did you mean %q?", meant)
			}
			return &machine.ValueError{Key: "registers." + name, Value: m.Registers[name], Want: want}
		}
	}
	return nil
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
