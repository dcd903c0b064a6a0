// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"strconv"
)

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
