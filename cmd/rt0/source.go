// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"debug/elf"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/rt0-dev/rt0/arch"
	"github.com/rt0-dev/rt0/fixtures"
)

// checkArch refuses a GOARCH that rt0 cannot boot: wrong usage when there is no such GOARCH, and a refusal when there is.
func checkArch(goarch string) error {
	if _, ok := arch.Find(goarch); ok {
		return nil
	}
	names := arch.Names()
	for _, p := range arch.Unsupported() {
		if p.Name == goarch {
			return failf(statusRefused, "%s: rt0 does not boot this architecture: %s", goarch, p.Why)
		}
		names = append(names, p.Name)
	}
	return failf(statusUsage, "--arch: there is no architecture %q%s", goarch, hintOr(goarch, names, "; see rt0 arches"))
}

// slowBuild is how long a build takes before it is worth a word.
const slowBuild = 2 * time.Second

// executable is the ELF file that BINARY means: itself, or what its sources are built to. goarch is that of --arch, "" when not given.
// What a failing build printed goes to verbose; that a slow one is on its way, to progress.
func executable(ctx context.Context, binary, goarch string, verbose, progress io.Writer) (string, error) {
	if goarch != "" {
		if err := checkArch(goarch); err != nil {
			return "", err
		}
	}
	if !fixtures.IsSource(binary) {
		return binary, checkGOARCH(binary, goarch)
	}
	if goarch == "" {
		goarch = runtime.GOARCH
		if err := checkArch(goarch); err != nil {
			return "", fmt.Errorf("%s (choose another with --arch): %w", binary, err)
		}
	}
	slow := time.AfterFunc(slowBuild, func() { fmt.Fprintf(progress, "building %s for %s\n", binary, goarch) })
	defer slow.Stop()
	path, err := fixtures.Make(ctx, fixtures.Spec{Program: binary, GOARCH: goarch})
	if err != nil {
		fmt.Fprintf(verbose, "%+v\n", err)
		return "", withStatus(statusRefused, err)
	}
	return path, nil
}

// checkGOARCH refuses an ELF file for another architecture than --arch asks for. What is wrong with a file otherwise is the loader's to say.
func checkGOARCH(path, goarch string) error {
	if goarch == "" {
		return nil
	}
	f, err := elf.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	is, ok := arch.GOARCH(f.Machine, f.Class, f.Data)
	if ok && is != goarch && slices.Contains(arch.Names(), is) {
		return failf(statusUsage, "%s (%s): --arch asks for %s, and it was built for %s", path, is, goarch, is)
	}
	return nil
}
