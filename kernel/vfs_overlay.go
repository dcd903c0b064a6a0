// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// overlay lays what the machine has of its own over the tree: files, symbolic links, and paths on which calls fail.
func (tr *tree) overlay(p *Process) error {
	m := &p.cfg.Machine
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if err := tr.addFile(p, name, m.Files[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Symlinks)) {
		tr.symlink(p.ownPath(name), m.Symlinks[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.FileErrors)) {
		errno, ok := arch.FindErrno(m.FileErrors[name])
		if !ok {
			return fmt.Errorf("kernel: the machine's error of %q: there is no error %q", name, m.FileErrors[name])
		}
		tr.addError(p.ownPath(name), errno)
	}
	return nil
}

// ownPath is a path of the machine's as the tree has it: /proc/self is the process's.
func (p *Process) ownPath(name string) string {
	at := path.Clean(name)
	if rest, ok := strings.CutPrefix(at, "/proc/self/"); ok {
		return fmt.Sprintf("/proc/%d/%s", p.pid, rest)
	}
	return at
}

// addFile adds a file of the machine's. It takes the place of rt0's own, and looks as that one does.
func (tr *tree) addFile(p *Process, name, contents string) error {
	at := p.ownPath(name)
	n := &node{mode: sIFREG | 0o644, data: []byte(contents)}
	for dir := path.Dir(at); dir != "/"; dir = path.Dir(dir) {
		if old := tr.at(dir); old != nil && !old.isDir() {
			return fmt.Errorf("kernel: the machine's file %q: %s is no directory", name, dir)
		}
	}
	if old := tr.at(at); old != nil {
		if old.isDir() {
			return fmt.Errorf("kernel: the machine's file %q: there is a directory", name)
		}
		n.mode = sIFREG | old.mode&0o777
	}
	tr.put(at, n)
	return nil
}

// addError makes every call fail that comes to a path. What was there stays below it, unseen.
func (tr *tree) addError(at string, errno arch.Errno) {
	n := tr.at(at)
	if n == nil {
		n = tr.put(at, &node{mode: sIFREG})
	}
	n.errno = errno
}
