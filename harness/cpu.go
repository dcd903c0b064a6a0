// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// cpu is the engine's CPU with a machine's features.
type cpu struct {
	model arch.Model
	cpuid []arch.CPUID // nil: the architecture's own
}

// cpuOf finds the engine's model and the answers of CPUID for a machine that adds "+name" or takes away "-name" features. A name that
// the architecture does not have is passed over. A feature that is added and that the engine lacks is promised all the same: code that
// believes it traps, as the kernel's report of SIGILL then says.
func cpuOf(a *arch.Arch, changes []string) cpu {
	var c cpu
	if len(a.Engine.Models) > 0 {
		c.model = a.Engine.Models[0]
	}
	var missing []string
	for _, change := range changes {
		add, name := !strings.HasPrefix(change, "-"), strings.TrimLeft(change, "+-")
		f, ok := a.Feature(name)
		if !ok {
			continue
		}
		if !add {
			missing = append(missing, f.Name)
		}
		if f.CPUID != nil {
			if c.cpuid == nil {
				c.cpuid = slices.Clone(a.CPUID)
			}
			setCPUID(c.cpuid, *f.CPUID, add)
		}
	}
	c.model = modelWithout(a, c.model, missing)
	return c
}

// FeatureError says that a machine promises a CPU feature whose code the engine would execute wrongly.
type FeatureError struct{ GOARCH, Feature string }

func (e *FeatureError) Error() string {
	return fmt.Sprintf("the machine promises the CPU feature %s, which the engine for %s executes wrongly: leave +%s out of its features", e.Feature, e.GOARCH, e.Feature)
}

// runnable refuses a machine that promises what the engine would get wrong. What it merely lacks traps, and is reported then.
func runnable(a *arch.Arch, changes []string) error {
	for _, change := range changes {
		name, add := strings.CutPrefix(change, "+")
		if f, ok := a.Feature(name); add && ok && f.Misrun {
			return &FeatureError{a.Name, f.Name}
		}
	}
	return nil
}

// VariantError says that a binary was built for a CPU that has what the engine lacks.
type VariantError struct {
	GOARCH  string
	Variant arch.Variant
}

func (e *VariantError) Error() string {
	return fmt.Sprintf("%s=%s needs %s; the engine has none", e.Variant.Setting, e.Variant.Value, e.Variant.Needs)
}

// built refuses a binary whose build settings ask for what the engine lacks, unless it would notice by itself: on a machine that is said to
// lack it too.
func built(a *arch.Arch, settings map[string]string, changes []string) error {
	without := func(feature string) bool {
		f, ok := a.Feature(feature)
		return ok && slices.Contains(changes, "-"+f.Name)
	}
	if v, lacking := a.Lacking(settings, without); lacking {
		return &VariantError{a.Name, v}
	}
	return nil
}

// setCPUID sets or clears the bits of a feature in its leaf.
func setCPUID(leaves []arch.CPUID, feature arch.CPUID, on bool) {
	for i := range leaves {
		if leaves[i].Leaf != feature.Leaf || leaves[i].Subleaf != feature.Subleaf {
			continue
		}
		for r, bits := range feature.Regs {
			leaves[i].Regs[r] &^= bits
			if on {
				leaves[i].Regs[r] |= bits
			}
		}
	}
}

// modelWithout is the model that traps on what the machine does not have, and lacks nothing else that the default model runs; the
// default one when there is none.
func modelWithout(a *arch.Arch, model arch.Model, missing []string) arch.Model {
	best := 0
	for _, m := range a.Engine.Models {
		fits := !slices.ContainsFunc(m.Lacks, func(name string) bool { return !slices.Contains(missing, name) })
		if fits && len(m.Lacks) > best {
			model, best = m, len(m.Lacks)
		}
	}
	return model
}
