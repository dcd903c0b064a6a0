// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// engineNames are the constants of Unicorn's headers that package arch names. A %d stands for the numbers from..to.
var engineNames = []struct {
	header   string
	names    string
	from, to int
}{
	{header: "unicorn.h", names: "UC_ARCH_ARM UC_ARCH_ARM64 UC_ARCH_MIPS UC_ARCH_PPC UC_ARCH_RISCV UC_ARCH_S390X UC_ARCH_X86"},
	{header: "unicorn.h", names: "UC_MODE_LITTLE_ENDIAN UC_MODE_BIG_ENDIAN UC_MODE_ARM UC_MODE_THUMB UC_MODE_32 UC_MODE_64"},
	{header: "unicorn.h", names: "UC_MODE_MIPS32 UC_MODE_MIPS64 UC_MODE_PPC32 UC_MODE_PPC64 UC_MODE_RISCV64"},

	{header: "x86.h", names: "UC_X86_REG_RAX UC_X86_REG_RBX UC_X86_REG_RCX UC_X86_REG_RDX " +
		"UC_X86_REG_RSI UC_X86_REG_RDI UC_X86_REG_RBP UC_X86_REG_RSP"},
	{header: "x86.h", names: "UC_X86_REG_R%d", from: 8, to: 15},
	{header: "x86.h", names: "UC_X86_REG_RIP UC_X86_REG_RFLAGS UC_X86_REG_FS_BASE UC_X86_REG_GS_BASE"},
	{header: "x86.h", names: "UC_X86_REG_EAX UC_X86_REG_EBX UC_X86_REG_ECX UC_X86_REG_EDX " +
		"UC_X86_REG_ESI UC_X86_REG_EDI UC_X86_REG_EBP UC_X86_REG_ESP"},
	{header: "x86.h", names: "UC_X86_REG_EIP UC_X86_REG_EFLAGS UC_X86_REG_CS UC_X86_REG_DS UC_X86_REG_ES " +
		"UC_X86_REG_SS UC_X86_REG_FS UC_X86_REG_GS UC_X86_REG_GDTR UC_X86_REG_LDTR"},
	{header: "x86.h", names: "UC_X86_REG_XMM%d", from: 0, to: 15},
	{header: "x86.h", names: "UC_X86_REG_ST%d", from: 0, to: 7},
	{header: "x86.h", names: "UC_X86_REG_FPCW UC_X86_REG_FPSW UC_X86_REG_FPTAG UC_X86_REG_FIP " +
		"UC_X86_REG_FCS UC_X86_REG_FDP UC_X86_REG_FDS UC_X86_REG_FOP"},
	{header: "x86.h", names: "UC_X86_REG_MXCSR"},
	{header: "x86.h", names: "UC_X86_INS_SYSCALL"},
	{header: "x86.h", names: "UC_CPU_X86_SANDYBRIDGE UC_CPU_X86_IVYBRIDGE UC_CPU_X86_HASWELL UC_CPU_X86_BROADWELL"},

	{header: "arm64.h", names: "UC_ARM64_REG_X%d", from: 0, to: 30},
	{header: "arm64.h", names: "UC_ARM64_REG_SP UC_ARM64_REG_PC UC_ARM64_REG_PSTATE UC_ARM64_REG_TPIDR_EL0"},
	{header: "arm64.h", names: "UC_ARM64_REG_V%d", from: 0, to: 31},
	{header: "arm64.h", names: "UC_ARM64_REG_FPCR UC_ARM64_REG_FPSR UC_ARM64_REG_CPACR_EL1"},
	{header: "arm64.h", names: "UC_CPU_ARM64_A53 UC_CPU_ARM64_A57 UC_CPU_ARM64_A72 UC_CPU_ARM64_MAX"},

	{header: "arm.h", names: "UC_ARM_REG_R%d", from: 0, to: 12},
	{header: "arm.h", names: "UC_ARM_REG_SP UC_ARM_REG_LR UC_ARM_REG_PC UC_ARM_REG_CPSR"},
	{header: "arm.h", names: "UC_ARM_REG_C1_C0_2 UC_ARM_REG_C13_C0_2 UC_ARM_REG_C13_C0_3 UC_ARM_REG_CP_REG"},
	{header: "arm.h", names: "UC_ARM_REG_FPEXC UC_ARM_REG_FPSCR"},
	{header: "arm.h", names: "UC_ARM_REG_D%d", from: 0, to: 31},
	{header: "arm.h", names: "UC_CPU_ARM_926 UC_CPU_ARM_1176 UC_CPU_ARM_CORTEX_A7 UC_CPU_ARM_CORTEX_A8 UC_CPU_ARM_CORTEX_A9 UC_CPU_ARM_CORTEX_A15 UC_CPU_ARM_MAX"},

	{header: "riscv.h", names: "UC_RISCV_REG_X%d", from: 0, to: 31},
	{header: "riscv.h", names: "UC_RISCV_REG_RA UC_RISCV_REG_SP UC_RISCV_REG_GP UC_RISCV_REG_TP UC_RISCV_REG_FP"},
	{header: "riscv.h", names: "UC_RISCV_REG_A%d", from: 0, to: 7},
	{header: "riscv.h", names: "UC_RISCV_REG_S%d", from: 0, to: 11},
	{header: "riscv.h", names: "UC_RISCV_REG_T%d", from: 0, to: 6},
	{header: "riscv.h", names: "UC_RISCV_REG_F%d", from: 0, to: 31},
	{header: "riscv.h", names: "UC_RISCV_REG_PC UC_RISCV_REG_PRIV UC_RISCV_REG_FCSR UC_RISCV_REG_FFLAGS " +
		"UC_RISCV_REG_FRM UC_RISCV_REG_MSTATUS UC_RISCV_REG_SSTATUS"},
	{header: "riscv.h", names: "UC_RISCV_REG_MCOUNTEREN UC_RISCV_REG_SCOUNTEREN UC_RISCV_REG_MISA"},
	{header: "riscv.h", names: "UC_CPU_RISCV64_ANY UC_CPU_RISCV64_BASE64 UC_CPU_RISCV64_SIFIVE_E51 UC_CPU_RISCV64_SIFIVE_U54"},

	{header: "ppc.h", names: "UC_PPC_REG_%d", from: 0, to: 31},
	{header: "ppc.h", names: "UC_PPC_REG_PC UC_PPC_REG_LR UC_PPC_REG_CTR UC_PPC_REG_XER UC_PPC_REG_MSR UC_PPC_REG_CR"},
	{header: "ppc.h", names: "UC_PPC_REG_CR%d", from: 0, to: 7},
	{header: "ppc.h", names: "UC_PPC_REG_FPR%d", from: 0, to: 31},
	{header: "ppc.h", names: "UC_PPC_REG_FPSCR"},
	{header: "ppc.h", names: "UC_CPU_PPC64_970FX_V3_1 UC_CPU_PPC64_970MP_V1_1 UC_CPU_PPC64_POWER5_V2_1 " +
		"UC_CPU_PPC64_POWER7_V2_1 UC_CPU_PPC64_POWER7_V2_3"},
	{header: "ppc.h", names: "UC_CPU_PPC64_POWER8E_V2_1 UC_CPU_PPC64_POWER8_V2_0 UC_CPU_PPC64_POWER8NVL_V1_0"},
	{header: "ppc.h", names: "UC_CPU_PPC64_POWER9_V1_0 UC_CPU_PPC64_POWER9_V2_0 UC_CPU_PPC64_POWER10_V1_0"},

	{header: "s390x.h", names: "UC_S390X_REG_R%d", from: 0, to: 15},
	{header: "s390x.h", names: "UC_S390X_REG_A%d", from: 0, to: 15},
	{header: "s390x.h", names: "UC_S390X_REG_PC UC_S390X_REG_PSWM UC_S390X_REG_FPC"},
	{header: "s390x.h", names: "UC_S390X_REG_F%d UC_S390X_REG_F%d_HI", from: 0, to: 31},
	{header: "s390x.h", names: "UC_S390X_REG_CR%d", from: 0, to: 15},
	{header: "s390x.h", names: "UC_CPU_S390X_Z196 UC_CPU_S390X_ZEC12 UC_CPU_S390X_Z13 UC_CPU_S390X_Z13_2 UC_CPU_S390X_Z13S"},
	{header: "s390x.h", names: "UC_CPU_S390X_Z14 UC_CPU_S390X_Z14_2 UC_CPU_S390X_Z14ZR1 UC_CPU_S390X_GEN15A UC_CPU_S390X_GEN15B"},
	{header: "s390x.h", names: "UC_CPU_S390X_QEMU UC_CPU_S390X_MAX"},

	{header: "mips.h", names: "UC_MIPS_REG_%d", from: 0, to: 31},
	{header: "mips.h", names: "UC_MIPS_REG_PC UC_MIPS_REG_HI UC_MIPS_REG_LO"},
	{header: "mips.h", names: "UC_MIPS_REG_CP0_USERLOCAL UC_MIPS_REG_CP0_STATUS UC_MIPS_REG_CP0_CONFIG3"},
	{header: "mips.h", names: "UC_MIPS_REG_F%d", from: 0, to: 31},
	{header: "mips.h", names: "UC_MIPS_REG_FCSR UC_MIPS_REG_FIR"},
	{header: "mips.h", names: "UC_MIPS_REG_FCC%d", from: 0, to: 7},
	{header: "mips.h", names: "UC_CPU_MIPS32_24KC UC_CPU_MIPS32_24KF UC_CPU_MIPS32_34KF UC_CPU_MIPS32_74KF " +
		"UC_CPU_MIPS32_P5600 UC_CPU_MIPS32_MIPS32R6_GENERIC"},
	{header: "mips.h", names: "UC_CPU_MIPS64_R4000 UC_CPU_MIPS64_5KC UC_CPU_MIPS64_5KF UC_CPU_MIPS64_20KC UC_CPU_MIPS64_MIPS64R2_GENERIC UC_CPU_MIPS64_5KEF"},
	{header: "mips.h", names: "UC_CPU_MIPS64_I6400 UC_CPU_MIPS64_I6500 UC_CPU_MIPS64_LOONGSON_2E " +
		"UC_CPU_MIPS64_LOONGSON_2F UC_CPU_MIPS64_MIPS64DSPR2"},
}

// engineConstants reads the constants of engineNames, under their Go names, in the table's order.
func engineConstants(dir string) ([][]named, error) {
	var groups [][]named
	headers := map[string]map[string]int64{}
	for _, e := range engineNames {
		values := headers[e.header]
		if values == nil {
			text, err := os.ReadFile(filepath.Join(dir, e.header))
			if err != nil {
				return nil, fmt.Errorf("read the engine's headers (make deps fetches them): %w", err)
			}
			if values, err = enums(string(text)); err != nil {
				return nil, fmt.Errorf("parse %s: %w", e.header, err)
			}
			headers[e.header] = values
		}
		var group []named
		for _, pattern := range strings.Fields(e.names) {
			names := []string{pattern}
			if strings.Contains(pattern, "%d") {
				names = nil
				for i := e.from; i <= e.to; i++ {
					names = append(names, fmt.Sprintf(pattern, i))
				}
			}
			for _, name := range names {
				v, ok := values[name]
				if !ok {
					return nil, fmt.Errorf("%s has no %s", e.header, name)
				}
				group = append(group, named{goName(name), uint64(v)})
			}
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// goName turns UC_X86_REG_FS_BASE into ucX86RegFSBASE.
func goName(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		switch w {
		case "UC":
			words[i] = "uc"
		case "ARCH", "MODE", "REG", "INS":
			words[i] = w[:1] + strings.ToLower(w[1:])
		}
	}
	return strings.Join(words, "")
}

var (
	comments   = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	directives = regexp.MustCompile(`(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$`)
	enumBodies = regexp.MustCompile(`(?s)\benum\b[^{};]*\{([^{}]*)\}`)
)

// enums returns the enumerators of all enums in a C header, with their values: each is one more than the one before it, unless a
// value is assigned (C11 6.7.2.2). Preprocessor lines are passed over: an enumerator inside #if counts.
func enums(text string) (map[string]int64, error) {
	text = comments.ReplaceAllString(text, " ")
	text = directives.ReplaceAllString(text, "")
	values := map[string]int64{}
	for _, body := range enumBodies.FindAllStringSubmatch(text, -1) {
		next := int64(0)
		for _, item := range strings.Split(body[1], ",") {
			name, expression, assigned := strings.Cut(strings.TrimSpace(item), "=")
			if name = strings.TrimSpace(name); name == "" {
				continue // the comma after the last one
			}
			if assigned {
				v, err := evaluate(expression, values)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				next = v
			}
			if _, ok := values[name]; ok {
				return nil, fmt.Errorf("%s is enumerated twice", name)
			}
			values[name] = next
			next++
		}
	}
	return values, nil
}

// evaluate computes an enumerator's expression: sums, differences, shifts and ors of integers and earlier enumerators.
// C's precedence (+ and − before <<, << before |) is the order of the loops.
func evaluate(expression string, values map[string]int64) (int64, error) {
	expression = strings.TrimSpace(expression)
	for strings.HasPrefix(expression, "(") && strings.HasSuffix(expression, ")") && !strings.ContainsAny(expression[1:len(expression)-1], "()") {
		expression = strings.TrimSpace(expression[1 : len(expression)-1])
	}
	for _, op := range []struct {
		text  string
		apply func(a, b int64) int64
	}{
		{"|", func(a, b int64) int64 { return a | b }},
		{"<<", func(a, b int64) int64 { return a << uint64(b) }},
		{"+", func(a, b int64) int64 { return a + b }},
		{"-", func(a, b int64) int64 { return a - b }},
	} {
		i := strings.LastIndex(expression, op.text)
		if i <= 0 {
			continue
		}
		a, err := evaluate(expression[:i], values)
		if err != nil {
			return 0, err
		}
		b, err := evaluate(expression[i+len(op.text):], values)
		if err != nil {
			return 0, err
		}
		return op.apply(a, b), nil
	}
	if v, ok := values[expression]; ok {
		return v, nil
	}
	v, err := strconv.ParseInt(strings.TrimRight(expression, "uUlL"), 0, 64)
	if err != nil {
		return 0, fmt.Errorf("expression %q is neither a number nor an earlier enumerator", expression)
	}
	return v, nil
}
