// SPDX-License-Identifier: GPL-2.0-or-later

package harness_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/machine"
)

// madeFor are the architectures of the profiles' computers, with what a build needs for them. Each boots amd64 too, so that a machine can
// be tried with the binary at hand, but for those whose CPU or addresses amd64 does not have.
var madeFor = map[string]string{
	"ampere-altra-96-64k":     "arm64",
	"android-10-tv-arm":       "arm",
	"android-15-16k":          "arm64",
	"android-8-arm64":         "arm64",
	"apple-silicon-asahi-16k": "arm64",
	"aws-lambda":              "amd64",
	"beaglebone-black":        "arm",
	"centos-7":                "amd64 386",
	"cgroup-hybrid":           "amd64 arm64 386",
	"chroot-bare":             "amd64 386 arm arm64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x",
	"cloud-run":               "amd64",
	"container-2cpu":          "amd64 arm64 s390x",
	"container-cgroup-v1":     "amd64 arm64 ppc64le",
	"core2-duo":               "amd64 386",
	"cpus-4096":               "amd64",
	"default":                 "amd64 386 arm arm64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x",
	"desktop-haswell":         "amd64:GOAMD64=v3 amd64 386",
	"docker-cgroup-v1":        "amd64 386 arm64",
	"docker-cgroup-v2":        "amd64 arm64 s390x mips",
	"docker-cpuset":           "amd64 ppc64",
	"docker-old-seccomp":      "amd64 arm64 s390x",
	"edgerouter-4":            "mips64 mips",
	"epyc-384":                "amd64 386",
	"graviton":                "arm64",
	"gvisor":                  "amd64 arm64",
	"gvisor-4.19":             "amd64 arm64",
	"hyper-v":                 "amd64",
	"ibm-power-e880-1536":     "ppc64le ppc64",
	"ibm-z13":                 "s390x",
	"ibm-z15":                 "s390x",
	"ibm-z14":                 "s390x",
	"ibm-z16":                 "s390x",
	"jetson-nano":             "arm64 arm",
	"kubernetes-half-cpu":     "amd64 arm64 riscv64",
	"kubernetes-pod-limit":    "amd64 arm64",
	"kubernetes-v1":           "amd64 s390x",
	"kubernetes-v1-limit":     "amd64 ppc64le",
	"kubernetes-v2":           "amd64 arm64 ppc64le",
	"kvm64":                   "amd64 386",
	"licheepi-4a":             "riscv64",
	"loongson-3a3000":         "mips64le mipsle",
	"lxc-proxmox":             "amd64",
	"milkv-duo":               "riscv64",
	"nas-arm-hi3535":          "arm",
	"netbook-atom-n270":       "386",
	"no-dev-null":             "amd64 386 arm arm64 mips s390x",
	"odroid-xu4":              "arm",
	"openvz-6":                "amd64 386",
	"openwrt-24kc":            "mips:GOMIPS=softfloat",
	"openwrt-mt7621":          "mipsle:GOMIPS=softfloat",
	"orange-pi-zero":          "arm",
	"pinned-cpuset":           "amd64 s390x mips",
	"power10-e1080-1920":      "ppc64le",
	"power8-fedora-be":        "ppc64",
	"power9-kvm":              "ppc64le",
	"power9-lpar":             "ppc64le",
	"qemu-user":               "amd64 arm arm64 mips ppc64 riscv64 s390x",
	"qemu64":                  "amd64 386",
	"qnap-ts-231p3":           "arm",
	"raspberry-pi-1":          "arm:GOARM=6",
	"raspberry-pi-3":          "arm64 arm",
	"raspberry-pi-4":          "arm64 arm",
	"raspberry-pi-4-39bit":    "arm64 arm",
	"raspberry-pi-4-debian":   "arm64 arm",
	"raspberry-pi-5":          "arm64",
	"rhel6":                   "amd64 386",
	"rhel6-old-cgroup":        "amd64 386",
	"seccomp-no-affinity":     "amd64 386 arm arm64 mips ppc64 s390x",
	"sgi-uv-576":              "amd64",
	"single-cpu-vm":           "amd64",
	"superdome-flex-1792":     "amd64",
	"synology-ds1520plus":     "amd64",
	"synology-ds218j":         "arm",
	"systemd-cpuquota":        "amd64 riscv64 arm",
	"thunderx2-256":           "arm64",
	"ulimit-300mb":            "amd64 386 arm64 arm",
	"virtualbox-no-avx":       "amd64 386",
	"visionfive-2":            "riscv64",
	"vmware-evc-merom":        "amd64 386",
	"wd-my-cloud":             "arm",
	"wsl1":                    "amd64",
	"wsl2":                    "amd64",
	"xeon-128":                "amd64",
	"xeon-256":                "amd64",
	"xeon-westmere":           "amd64 386",
}

// deadly are the profiles on which a program cannot start, and what it dies with, by the size of a pointer in bytes.
var deadly = map[string]map[int]string{
	"ulimit-300mb":     {8: "failed to reserve page summary memory"},                   // Go issue 38010
	"no-dev-null":      {4: "cannot open standard fds", 8: "cannot open standard fds"}, // checkfds of runtime/fds_unix.go
	"rhel6-old-cgroup": {4: "procresize: invalid arg", 8: "procresize: invalid arg"},   // Go issue 80783
}

// concluded are the Ps that the runtime makes of a profile, where they are not as many as the CPUs.
var concluded = map[string]int{
	"container-2cpu": 2, "container-cgroup-v1": 2, "docker-cgroup-v1": 2, "docker-cgroup-v2": 2, "docker-old-seccomp": 2,
	"kubernetes-half-cpu": 2, "kubernetes-v1-limit": 2, "kubernetes-v2": 2, "systemd-cpuquota": 2, "seccomp-no-affinity": 1,
}

// amd64Could says that nothing of the machine is another architecture's alone.
func amd64Could(m machine.Machine) bool {
	amd64, _ := arch.Find("amd64")
	_, ok := amd64.CPU(m.CPU.Model)
	return m.VM.AddressBits == 0 && (ok || m.CPU.Model == "")
}

// manyCPUs are more than a boot in a test goes on with behind schedinit: the threads of 4096 CPUs take ten seconds to find nothing to do.
const manyCPUs = 256

// TestProfileBoots: on each profile a program of its architectures comes to main.main, or dies as it is known to.
func TestProfileBoots(t *testing.T) {
	t.Parallel()
	for _, p := range machine.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			made, ok := madeFor[p.Name]
			require.True(t, ok, "say in madeFor which architectures the machine is made for")
			m := p.Machine.With(machine.Env("GODEBUG=containermaxprocs=1")) // hello is of a module that was there before the limits of containers
			until, builds := "main.main", strings.Fields(made)
			switch {
			case p.Machine.CPUs.Count() > manyCPUs:
				until = "main"
			case !slices.Contains(builds, "amd64") && amd64Could(m):
				builds = append(builds, "amd64")
			}
			for _, build := range builds {
				goarch, env, _ := strings.Cut(build, ":")
				boot := harness.Boot(t, fixtures.Build(t, fixtures.Hello, goarch, fixtures.Env(strings.Fields(env)...)), m, harness.Until(until))
				if a, _ := arch.Find(goarch); deadly[p.Name][a.PtrSize] != "" {
					boot.RequireThrew(deadly[p.Name][a.PtrSize])
					continue
				}
				boot.RequireReached(until)
				if p.Machine.Affinity.Errno == "" {
					require.Equal(t, p.Machine.CPUs.Count(), boot.Runtime.NumCPU)
				}
				require.Equal(t, cmp.Or(concluded[p.Name], p.Machine.CPUs.Count()), boot.Runtime.GOMAXPROCS)
				require.Equal(t, int(p.Machine.PageSize), boot.Runtime.PhysPageSize)
			}
		})
	}
	for name := range madeFor {
		_, err := machine.Load(name)
		require.NoError(t, err, "madeFor has a profile that is gone")
	}
}

// TestProfileRefuses: builds for more than a profile's CPU has do not start on it, and say so where the runtime gets as far.
func TestProfileRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ profile, goarch, env, signal, stderr string }{
		{"openwrt-24kc", "mips", "GOMIPS=hardfloat", "SIGILL", ""},
		{"openwrt-mt7621", "mipsle", "GOMIPS=hardfloat", "SIGILL", ""},
		{"raspberry-pi-1", "arm", "GOARM=7", "SIGILL", ""},
		{"jetson-nano", "arm64", "GOARM64=v8.1", "SIGILL", ""},
		{"kvm64", "amd64", "GOAMD64=v2", "", "This program can only be run on AMD64 processors with v2 microarchitecture support."},
		{"vmware-evc-merom", "amd64", "GOAMD64=v2", "", "This program can only be run on AMD64 processors with v2 microarchitecture support."},
		{"xeon-westmere", "amd64", "GOAMD64=v3", "", "This program can only be run on AMD64 processors with v3 microarchitecture support."},
		{"virtualbox-no-avx", "amd64", "GOAMD64=v3", "", "This program can only be run on AMD64 processors with v3 microarchitecture support."},
	} {
		t.Run(tc.profile, func(t *testing.T) {
			t.Parallel()
			m, err := machine.Load(tc.profile)
			require.NoError(t, err)
			boot := harness.Boot(t, fixtures.Build(t, fixtures.Hello, tc.goarch, fixtures.Env(tc.env)), m)
			if tc.signal != "" {
				require.Equal(t, harness.Killed, boot.Outcome)
				require.Equal(t, tc.signal, *boot.Signal)
				return
			}
			boot.RequireExited(1)
			require.Contains(t, boot.Stderr, tc.stderr)
		})
	}
}
