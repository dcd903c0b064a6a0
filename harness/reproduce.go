// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/machine"
)

// machineWords are the flags that make the machine from the profile whose name it bears, or from the default one; and the arguments
// that it has beyond the profile's.
func machineWords(m machine.Machine) (words, args []string) {
	base, err := machine.Load(m.Name)
	if err != nil {
		base = machine.New()
	} else if m.Name != machine.New().Name {
		words = append(words, "--machine", m.Name)
	}
	changed := m
	changed.Name, changed.Description, changed.Args = base.Name, base.Description, base.Args
	changes, _ := base.Changes(changed)
	for _, c := range changes {
		words = append(words, "--set", c.Key+"="+c.Value)
	}
	args = m.Args
	if n := len(base.Args); n <= len(args) && slices.Equal(base.Args, args[:n]) {
		args = args[n:]
	}
	return words, args
}

// Reproduce is the command that does this boot again.
func (r *Report) Reproduce() string {
	machine, args := machineWords(r.Machine)
	words := append([]string{"rt0", "boot"}, machine...)
	if r.Cell != nil {
		words = append([]string{"rt0", "matrix"}, append(r.Cell.words(), machine...)...)
	}
	if r.Until != DefaultUntil {
		words = append(words, "--until", r.Until)
	}
	if o := r.options; o != nil {
		if o.instructions != DefaultInstructions {
			words = append(words, "--limit-instructions", strconv.FormatUint(o.instructions, 10))
		}
		if o.memory != DefaultMemory {
			words = append(words, "--limit-memory", strconv.FormatUint(o.memory, 10))
		}
		if o.timeout != 0 {
			words = append(words, "--timeout", o.timeout.String())
		}
	}
	words = append(words, r.Binary.Path)
	if len(args) > 0 {
		words = append(append(words, "--"), args...)
	}
	return quoteAll(words)
}

// words are the flags of `rt0 matrix` that pick the cell, but for its machine.
func (c Cell) words() []string {
	words := []string{"--go", c.Toolchain, "--arch", c.GOARCH}
	if c.Variant != "" && c.Variant != fixtures.ModeExe {
		words = append(words, "--variant", c.Variant)
	}
	if c.Flags != "" {
		words = append(words, "--build-flags", c.Flags)
	}
	return words
}

// quoteAll makes a command line of words.
func quoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// quote makes a word safe for a POSIX shell.
func quote(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%^"
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Cause is the boot in one line: what, where, why.
func (r *Report) Cause() string {
	s := fmt.Sprintf("%s (%s): %s", r.Binary.Path, r.Binary.GOARCH, r.Outcome)
	if phase := cmp.Or(r.Died, r.Phase); phase != "" {
		s += " in " + phase
	}
	if r.Reason != "" {
		s += ": " + r.Reason
	}
	return s
}

// Story is all that helps to understand the boot's end: its cause, where the guest was, what it wrote, and how to do it again.
func (r *Report) Story() string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Cause())
	if r.crash != nil {
		b.WriteString(r.crash.String())
	}
	for _, e := range r.Events {
		fmt.Fprintln(&b, "event:", e)
	}
	for _, stream := range []struct{ name, text string }{{"stdout", r.Stdout}, {"stderr", r.Stderr}} {
		if stream.text != "" {
			fmt.Fprintf(&b, "%s:\n    %s\n", stream.name, strings.ReplaceAll(strings.TrimRight(last(stream.text, 4096), "\n"), "\n", "\n    "))
		}
	}
	fmt.Fprintln(&b, "reproduce with:\n   ", r.Reproduce())
	return b.String()
}

// last is the end of a text, up to n bytes.
func last(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return "..." + text[len(text)-n:]
}
