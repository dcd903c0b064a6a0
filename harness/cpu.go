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
	switch len(names) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("cpu: %s is promised and the engine cannot execute it: what only asks is answered", names[0])
	}
	const shown = 8 // a server of 2021 has thirty
	if more := len(names) - shown; more > 1 {
		names = append(slices.Clone(names[:shown]), fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("cpu: %s are promised and the engine cannot execute them: what only asks is answered", strings.Join(names, ", "))
}

// Warnings are what a user should know before the rest of a report: lines of its Events that put its conclusions into question.
func (r *Report) Warnings() []string {
	if r.promises == "" {
		return nil
	}
	return []string{r.promises}
}
