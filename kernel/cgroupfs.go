// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"path"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/machine"
)

// cgroupFiles is what a machine's cgroup looks like from inside.
type cgroupFiles struct {
	membership string        // /proc/self/cgroup
	mounts     []*filesystem // in the order of mounting
	files      map[string]string
}

// The superblocks of the cgroup file systems, include/uapi/linux/magic.h.
const (
	cgroupMagic  = 0x27e0eb
	cgroup2Magic = 0x63677270
	tmpfsMagic   = 0x01021994
)

// cgroup makes the files of the machine's cgroup version: of the CPU limit, what internal/runtime/cgroup reads and a little more.
func (p *Process) cgroup() cgroupFiles {
	c := p.cfg.Machine.Cgroup
	f := cgroupFiles{files: map[string]string{}}
	group := c.Group()
	switch c.Version {
	case 2:
		f.membership = "0::" + group + "\n"
		f.mounts = []*filesystem{{kind: "cgroup2", point: c.Mount(), root: c.MountRoot, options: "rw", magic: cgroup2Magic, fixed: true}}
		f.files[c.Mount()+"/cgroup.controllers"] = "cpuset cpu io memory pids\n"
		f.eachGroup(c, func(at string, limit machine.Limit, own bool) {
			f.add(at, map[string]string{
				"cgroup.controllers":    "cpuset cpu io memory pids\n",
				"cgroup.procs":          p.members(own),
				"cgroup.type":           "domain\n",
				"cpu.max":               limit.Quota + " " + limit.Period + "\n",
				"cpu.weight":            "100\n",
				"cpuset.cpus.effective": p.cfg.Machine.CPUs.List() + "\n",
				"memory.max":            "max\n",
				"pids.max":              "max\n",
			})
		})
	case 1:
		beside := path.Dir(c.Mount()) // where the other controllers are mounted
		f.membership = "12:memory:" + group + "\n4:cpu,cpuacct:" + group + "\n1:name=systemd:" + group + "\n"
		if beside == "/sys/fs/cgroup" {
			f.mounts = []*filesystem{{kind: "tmpfs", point: beside, options: "ro", magic: tmpfsMagic, fixed: true}}
		}
		for _, v1 := range []struct{ point, options string }{
			{path.Join(beside, "memory"), "rw,memory"}, {c.Mount(), "rw,cpu,cpuacct"}, {path.Join(beside, "systemd"), "rw,name=systemd"},
		} {
			f.mounts = append(f.mounts, &filesystem{kind: "cgroup", point: v1.point, root: c.MountRoot, options: v1.options, magic: cgroupMagic, fixed: true})
		}
		if c.Unified {
			f.membership += "0::" + group + "\n"
			point := path.Join(beside, "unified")
			f.mounts = append(f.mounts, &filesystem{kind: "cgroup2", point: point, root: c.MountRoot, options: "rw", magic: cgroup2Magic, fixed: true})
			f.files[point+"/cgroup.controllers"] = "\n"
		}
		f.eachGroup(c, func(at string, limit machine.Limit, own bool) {
			f.add(at, map[string]string{
				"cgroup.procs":      p.members(own),
				"cpu.cfs_quota_us":  limit.Quota + "\n",
				"cpu.cfs_period_us": limit.Period + "\n",
				"cpu.shares":        "1024\n",
			})
			rest := strings.TrimPrefix(at, c.Mount())
			f.files[path.Join(beside, "memory", rest, "memory.limit_in_bytes")] = "9223372036854771712\n"
			f.files[path.Join(beside, "systemd", rest, "cgroup.procs")] = p.members(own)
		})
	default:
		// Without a mounted hierarchy the file is there, and names the root of the version 2 hierarchy that every kernel has.
		f.membership = "0::/\n"
	}
	return f
}

// eachGroup calls f with the directory of the process's group and those of the groups above it, as far as they can be seen through the
// mount.
func (cgroupFiles) eachGroup(c machine.Cgroup, f func(at string, limit machine.Limit, own bool)) {
	groups := []string{c.Group()}
	for up := path.Dir(c.Group()); up != "/"; up = path.Dir(up) {
		groups = append([]string{up}, groups...)
	}
	limits := append(c.ParentLimits(), machine.Limit{Quota: c.Quota, Period: c.Period})
	for i, group := range groups {
		if rest, seen := below(group, c.MountRoot); seen && i < len(limits) {
			f(path.Join(c.Mount(), rest), limits[i], i == len(groups)-1)
		}
	}
}

// below is a group's path from the mount's root on; false: it lies outside, as one with .. that belongs to another namespace does.
func below(group, root string) (rest string, seen bool) {
	if path.Clean(group) != group {
		return "", false
	}
	if root == "" || root == "/" {
		return group, true
	}
	rest, seen = strings.CutPrefix(group, root)
	return rest, seen && (rest == "" || rest[0] == '/')
}

func (f cgroupFiles) add(dir string, files map[string]string) {
	for name, text := range files {
		f.files[path.Join(dir, name)] = text
	}
}

// members are the processes of a group.
func (p *Process) members(own bool) string {
	if !own {
		return ""
	}
	return strconv.Itoa(p.pid) + "\n"
}
