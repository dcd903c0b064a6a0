// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"

	"github.com/rt0-dev/rt0/machine"
)

// openStandard opens descriptors 0, 1 and 2 as the machine has them.
func (p *Process) openStandard() error {
	how := &p.cfg.Machine.Process
	p.files.limit = int(p.id.limits[limitFiles].soft)
	p.output = outputs{p.newCapture(), p.newCapture()}
	for fd, word := range []string{how.Stdin, how.Stdout, how.Stderr} {
		d, err := p.standard(fd, word)
		if err != nil {
			return err
		}
		if d != nil {
			p.files.put(d, fd)
		}
	}
	return nil
}

// standard is a standard descriptor; nil: it is closed. Open ones are an empty standard input, and pipes whose other ends rt0 holds.
func (p *Process) standard(fd int, word string) (*descriptor, error) {
	switch word {
	case machine.StdioClosed:
		return nil, nil
	case machine.StdioNull:
		return p.openDevice("/dev/null", oRDWR)
	case machine.StdioFull:
		return p.openDevice("/dev/full", oRDWR)
	case machine.StdioBroken:
		half := &pipe{p: p, ino: p.tree.number()}
		name := anonymous("pipe", half.ino)
		if fd == 0 {
			half.readers = 1
			return newDescriptor(pipeReader{half}, oRDONLY, name), nil
		}
		half.writers = 1
		return newDescriptor(pipeWriter{half}, oWRONLY, name), nil
	}
	if fd == 0 {
		return p.openDevice("/dev/null", oRDONLY)
	}
	c := []*capture{p.output.stdout, p.output.stderr}[fd-1]
	return newDescriptor(c, oWRONLY, anonymous("pipe", c.ino)), nil
}

func (p *Process) openDevice(path string, flags int) (*descriptor, error) {
	f, errno := p.current.openNode(p.tree.at(path))
	if errno != 0 {
		return nil, fmt.Errorf("kernel: open %s: %w", path, errno)
	}
	return newDescriptor(f, flags, path), nil
}
