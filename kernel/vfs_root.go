// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"path"

	"github.com/rt0-dev/rt0/arch"
)

// resources are what the process has beside threads and time.
type resources struct {
	files  fileTable
	tree   *tree
	output outputs
	space  space
	id     identity
}

// outputs is what the guest's stdout and stderr have received.
type outputs struct{ stdout, stderr *capture }

// Stdout returns what the guest wrote to its standard output, up to Config.Output bytes, and whether that cut it.
func (p *Process) Stdout() (text []byte, cut bool) { return p.output.stdout.bytes, p.output.stdout.cut }

// Stderr is Stdout for standard error.
func (p *Process) Stderr() (text []byte, cut bool) { return p.output.stderr.bytes, p.output.stderr.cut }

// rootFiles are the files of a small distribution that programs read without being asked to.
var rootFiles = map[string]string{
	"/etc/group":         "root:x:0:\nnogroup:x:65534:\n",
	"/etc/hostname":      "rt0\n",
	"/etc/hosts":         "127.0.0.1\tlocalhost\n::1\tlocalhost\n",
	"/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
	"/etc/os-release":    "NAME=\"rt0\"\nID=rt0\n",
	"/etc/passwd":        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	"/etc/resolv.conf":   "nameserver 127.0.0.1\n",
}

// initResources makes identity, files and memory from the machine.
func (p *Process) initResources() error {
	p.initIdentity()
	if err := p.initFiles(); err != nil {
		return err
	}
	p.initSpace()
	return nil
}

// initFiles makes the tree and opens descriptors 0, 1 and 2.
func (p *Process) initFiles() error {
	tr := newTree(p.clock.wall())
	p.tree = tr
	for _, dir := range []string{"/bin", "/etc", "/home", "/lib", "/root", "/run", "/usr/bin", "/usr/lib", "/usr/share", "/var/log"} {
		tr.put(dir, &node{mode: sIFDIR | 0o755})
	}
	for _, dir := range []string{"/tmp", "/var/tmp"} {
		tr.put(dir, &node{mode: sIFDIR | 0o1777})
	}
	tr.texts("", 0o644, rootFiles)
	tr.addProc(p)
	tr.addSys(p)
	tr.addDevices(p)
	tr.addBinary(p)
	if err := tr.overlay(p); err != nil {
		return err
	}
	return p.openStandard()
}

// addBinary puts the binary at its path. Where a directory of rt0's own is in the way (a program named "proc"), the binary has no name in
// the tree, and /proc/self/exe still leads to it.
func (tr *tree) addBinary(p *Process) {
	tr.exe = &node{mode: sIFREG | 0o755, data: p.cfg.ExeData}
	if old := tr.at(p.cfg.Exe); old == nil {
		tr.put(p.cfg.Exe, tr.exe)
		return
	}
	tr.exe.fs, tr.exe.ino, tr.exe.parent, tr.exe.name = tr.root.fs, tr.number(), tr.root, path.Base(p.cfg.Exe)
}

func (p *Process) newCapture() *capture { return &capture{ino: p.tree.number(), limit: p.cfg.Output} }

// addDevices mounts /dev. Major and minor numbers are those of Documentation/admin-guide/devices.txt.
func (tr *tree) addDevices(p *Process) {
	tr.mount(&filesystem{kind: "devtmpfs", point: "/dev", options: "rw", magic: 0x01021994}, 0o755)
	tr.put("/dev/shm", &node{mode: sIFDIR | 0o1777})
	random := randomStream(p.cfg.Machine.Random[:], "/dev/urandom")
	fromStream := func(_ *Thread, b []byte) (int, arch.Errno) {
		n, _ := random.Read(b)
		return n, 0
	}
	noSpace := func([]byte) (int, arch.Errno) { return 0, arch.ENOSPC }
	for _, d := range []struct {
		name         string
		major, minor uint64
		read         func(t *Thread, b []byte) (int, arch.Errno)
		write        func(b []byte) (int, arch.Errno)
	}{
		{"null", 1, 3, endOfFile, swallow},
		{"zero", 1, 5, zeroes, swallow},
		{"full", 1, 7, zeroes, noSpace},
		{"random", 1, 8, fromStream, swallow},
		{"urandom", 1, 9, fromStream, swallow},
	} {
		n := &node{mode: sIFCHR | 0o666, rdev: d.major<<8 | d.minor}
		n.open = func(*Thread) (file, arch.Errno) {
			return &device{nodeFile: nodeFile{node: n}, onRead: d.read, onWrite: d.write}, 0
		}
		tr.put("/dev/"+d.name, n)
	}
	// A terminal that nobody sits at.
	tr.put("/dev/tty", &node{mode: sIFCHR | 0o666, rdev: 5 << 8, open: func(*Thread) (file, arch.Errno) { return nil, arch.ENXIO }})
	tr.symlink("/dev/fd", "/proc/self/fd")
	for fd, name := range []string{"stdin", "stdout", "stderr"} {
		tr.symlink("/dev/"+name, fmt.Sprintf("/proc/self/fd/%d", fd))
	}
}

// auxvValue is the value of an entry of the auxiliary vector, 0 when it is absent.
func (p *Process) auxvValue(tag uint64) uint64 {
	word := p.arch.PtrSize
	for at := 0; at+2*word <= len(p.cfg.Auxv); at += 2 * word {
		if getUint(p.arch, p.cfg.Auxv[at:at+word]) == tag {
			return getUint(p.arch, p.cfg.Auxv[at+word:at+2*word])
		}
	}
	return 0
}
