// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// promises is what a report says of CPU features that the machine promises and that cannot be executed; "": there are none.
func promises(cpu *arch.Processor) string {
	names := cpu.Promised()
	if len(names) == 0 {
		return ""
	}
	are, them := "are", "them"
	if len(names) == 1 {
		are, them = "is", "it"
	}
	const shown = 8 // a server of 2021 has thirty
	if more := len(names) - shown; more > 1 {
		names = append(slices.Clone(names[:shown]), fmt.Sprintf("and %d more", more))
	}
	text := fmt.Sprintf("cpu: %s %s promised and the engine cannot execute %s: what only asks is answered", strings.Join(names, ", "), are, them)
	if common := cpu.Common(); len(common) > 0 {
		text += fmt.Sprintf("; of %s rt0 carries out what Go's runtime and compiler write", strings.Join(common, ", "))
	}
	return text
}

// Warnings are what a user should know before the rest of a report: lines of its Events that put its conclusions into question.
func (r *Report) Warnings() []string {
	if r.promises == "" {
		return nil
	}
	return []string{r.promises}
}
