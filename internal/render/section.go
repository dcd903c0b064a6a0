// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"strings"
)

// Section splits a Markdown text at a pair of marker lines: what stands between them is generated. The lines themselves are in no part.
func Section(text, begin, finish string) (before, between, after string, err error) {
	before, rest, found1 := strings.Cut(text, begin)
	between, after, found2 := strings.Cut(rest, finish)
	if !found1 || !found2 {
		return "", "", "", fmt.Errorf("it has no lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(finish))
	}
	return before, between, after, nil
}
