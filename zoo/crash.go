// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import "strings"

// ellipsis stands for any text in a line of a crash.
const ellipsis = "…"

// matchLines looks for the lines of want in got, in their order; others may stand between them. It returns the first that is missing.
func matchLines(want, got string) (missing string, ok bool) {
	lines := strings.Split(got, "\n")
	for line := range strings.SplitSeq(want, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line == ellipsis {
			continue
		}
		i := 0
		for i < len(lines) && !matchLine(line, strings.TrimSpace(lines[i])) {
			i++
		}
		if i == len(lines) {
			return line, false
		}
		lines = lines[i+1:]
	}
	return "", true
}

// matchLine compares a line; the ellipsis stands for any text.
func matchLine(want, got string) bool {
	parts := strings.Split(want, ellipsis)
	got, ok := strings.CutPrefix(got, parts[0])
	if !ok {
		return false
	}
	if len(parts) == 1 {
		return got == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(got, part)
		if !found {
			return false
		}
		got = rest
	}
	return strings.HasSuffix(got, parts[len(parts)-1])
}
