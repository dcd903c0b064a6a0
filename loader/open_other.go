// SPDX-License-Identifier: GPL-2.0-or-later

//go:build !unix

package loader

import (
	"io"
	"os"
)

// contents gives a file's bytes.
func contents(f *os.File, size int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(f, size))
}
