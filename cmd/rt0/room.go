// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/rt0-dev/rt0/fixtures"
	"github.com/rt0-dev/rt0/harness"
)

// checkRoom says what has to be fetched before a matrix can begin and what that takes, and refuses what does not fit on the disk.
func checkRoom(ctx context.Context, progress io.Writer, jobs []harness.MatrixJob) error {
	specs := make([]fixtures.Spec, len(jobs))
	for i, job := range jobs {
		specs[i] = job.Spec
	}
	space, err := fixtures.Need(ctx, specs)
	if err != nil {
		return withStatus(statusRefused, err)
	}
	if len(space.Fetch) > 0 {
		fmt.Fprintf(progress, "matrix: %s\n", space)
	}
	if err := space.Fits(); err != nil {
		return failf(statusRefused, "matrix: %w", err)
	}
	if tight := space.Tight(); tight != "" {
		fmt.Fprintf(progress, "matrix: %s\n", tight)
	}
	return nil
}
