// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"context"
	"errors"

	"github.com/rt0-dev/rt0/machine"
)

// Run boots the ELF file bin on machine m and reports what happened. The guest's death is no error: it is the report's Outcome. An error
// says that the boot could not be carried out; the report then is not nil either, has Outcome Refused, and the error's text as Reason.
func Run(ctx context.Context, bin string, m machine.Machine, opts ...Option) (*Report, error) {
	_ = newOptions(opts)
	return &Report{Outcome: Refused, Machine: m}, errors.ErrUnsupported
}
