// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"fmt"
	"slices"
)

// ShardName is the name of part k of n: "3/8".
func ShardName(k, n int) string { return fmt.Sprintf("%d/%d", k, n) }

// maxShards bounds the parts of a matrix.
const maxShards = 10_000

// ParseShard reads the name of a part: "3/8" with k from 1 to n.
func ParseShard(text string) (k, n int, err error) {
	if got, _ := fmt.Sscanf(text, "%d/%d", &k, &n); got != 2 || ShardName(k, n) != text || k < 1 || n < k || n > maxShards {
		return 0, 0, fmt.Errorf("%q is no part of a matrix: want K/N with K from 1 to N, such as 3/8", text)
	}
	return k, n, nil
}

// partsOf are the parts that a document has; none when it is not one of parts.
func partsOf(a *MatrixAxes) []string {
	if a == nil {
		return nil
	}
	return a.Shards
}

// compareParts orders documents by the first of their parts; one without parts comes last.
func compareParts(x, y []string) int {
	place := func(parts []string) (n, k int) {
		if len(parts) == 0 {
			return maxShards + 1, 0
		}
		k, n, err := ParseShard(parts[0])
		if err != nil {
			return maxShards, 0
		}
		return n, k
	}
	xn, xk := place(x)
	yn, yk := place(y)
	if xn != yn {
		return xn - yn
	}
	return xk - yk
}

// missingParts are those that are not there of matrices that some parts of are, when these are not the whole: parts of another number may be.
func missingParts(parts []string) []string {
	var sizes []int
	for _, part := range parts {
		if _, n, err := ParseShard(part); err == nil && !slices.Contains(sizes, n) {
			sizes = append(sizes, n)
		}
	}
	var missing []string
	for _, n := range sizes {
		whole := true
		for k := 1; k <= n; k++ {
			if name := ShardName(k, n); !slices.Contains(parts, name) {
				whole = false
				missing = append(missing, name)
			}
		}
		if whole {
			return nil
		}
	}
	return missing
}
