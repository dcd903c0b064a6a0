// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"strconv"
)

// cgroupPath is the process's cgroup in its hierarchy. It is not the root's, so that the runtime has to join mount point and path
// (internal/runtime/cgroup, from Go 1.25 on).
const cgroupPath = "/rt0"

// cgroupFiles is what a machine's cgroup looks like from inside.
type cgroupFiles struct {
	membership string        // /proc/self/cgroup
	mounts     []*filesystem // below /sys/fs/cgroup
	files      map[string]string
}

// cgroup makes the files of the machine's cgroup version: of the CPU limit, what internal/runtime/cgroup reads and a little more.
func (p *Process) cgroup() cgroupFiles {
	c := p.cfg.Machine.Cgroup
	switch c.Version {
	case 2:
		at := "/sys/fs/cgroup" + cgroupPath
		return cgroupFiles{
			membership: "0::" + cgroupPath + "\n",
			mounts:     []*filesystem{{kind: "cgroup2", point: "/sys/fs/cgroup", options: "rw", magic: 0x63677270, fixed: true}},
			files: map[string]string{
				"/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
				at + "/cgroup.controllers":          "cpuset cpu io memory pids\n",
				at + "/cgroup.procs":                strconv.Itoa(p.pid) + "\n",
				at + "/cgroup.type":                 "domain\n",
				at + "/cpu.max":                     c.Quota + " " + c.Period + "\n",
				at + "/cpu.weight":                  "100\n",
				at + "/cpuset.cpus.effective":       p.cfg.Machine.CPUs.List() + "\n",
				at + "/memory.max":                  "max\n",
				at + "/pids.max":                    "max\n",
			},
		}
	case 1:
		at := "/sys/fs/cgroup/cpu,cpuacct" + cgroupPath
		return cgroupFiles{
			membership: "12:memory:" + cgroupPath + "\n4:cpu,cpuacct:" + cgroupPath + "\n1:name=systemd:" + cgroupPath + "\n",
			mounts: []*filesystem{
				{kind: "tmpfs", point: "/sys/fs/cgroup", options: "ro", magic: 0x01021994, fixed: true},
				{kind: "cgroup", point: "/sys/fs/cgroup/memory", options: "rw,memory", magic: 0x27e0eb, fixed: true},
				{kind: "cgroup", point: "/sys/fs/cgroup/cpu,cpuacct", options: "rw,cpu,cpuacct", magic: 0x27e0eb, fixed: true},
				{kind: "cgroup", point: "/sys/fs/cgroup/systemd", options: "rw,name=systemd", magic: 0x27e0eb, fixed: true},
			},
			files: map[string]string{
				at + "/cgroup.procs":      strconv.Itoa(p.pid) + "\n",
				at + "/cpu.cfs_quota_us":  c.Quota + "\n",
				at + "/cpu.cfs_period_us": c.Period + "\n",
				at + "/cpu.shares":        "1024\n",
				"/sys/fs/cgroup/memory" + cgroupPath + "/memory.limit_in_bytes": "9223372036854771712\n",
				"/sys/fs/cgroup/systemd" + cgroupPath + "/cgroup.procs":         strconv.Itoa(p.pid) + "\n",
			},
		}
	}
	// Without a mounted hierarchy the file is there, and names the root of the version 2 hierarchy that every kernel has.
	return cgroupFiles{membership: "0::/\n"}
}

// addSys mounts /sys, and the cgroup file systems below it.
func (tr *tree) addSys(p *Process) {
	m := &p.cfg.Machine
	tr.mount(&filesystem{kind: "sysfs", point: "/sys", options: "rw", magic: 0x62656572, fixed: true}, 0o555)
	if huge := uint64(m.HugePage); huge != 0 {
		small := huge / uint64(m.PageSize) // pages in a huge page; 0 on a machine that cannot be
		tr.texts("/sys/kernel/mm/transparent_hugepage/", 0o644, map[string]string{
			"defrag":                           "always defer defer+madvise [madvise] never\n",
			"enabled":                          "always [madvise] never\n",
			"hpage_pmd_size":                   fmt.Sprintf("%d\n", huge),
			"khugepaged/alloc_sleep_millisecs": "60000\n",
			"khugepaged/defrag":                "1\n",
			"khugepaged/max_ptes_none":         fmt.Sprintf("%d\n", max(small, 1)-1),
			"khugepaged/pages_to_scan":         fmt.Sprintf("%d\n", 8*small),
			"khugepaged/scan_sleep_millisecs":  "10000\n",
			"shmem_enabled":                    "always within_size advise [never] deny force\n",
			"use_zero_page":                    "1\n",
		})
	}
	// A machine has the CPUs up to its highest; those that are not in its mask are there and not for us, as in a cpuset.
	all := "0"
	if n := m.CPUs.Highest(); n > 0 {
		all = fmt.Sprintf("0-%d", n)
	}
	tr.texts("/sys/devices/system/", 0o444, map[string]string{
		"cpu/online":         all + "\n",
		"cpu/possible":       all + "\n",
		"cpu/present":        all + "\n",
		"cpu/offline":        "\n",
		"cpu/isolated":       "\n",
		"cpu/kernel_max":     strconv.Itoa(p.possibleCPUs()-1) + "\n",
		"node/online":        "0\n",
		"node/possible":      "0\n",
		"node/node0/cpulist": all + "\n",
	})
	cgroup := p.cgroup()
	for _, fs := range cgroup.mounts {
		tr.mount(fs, 0o555)
	}
	tr.texts("", 0o644, cgroup.files)
}
