// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import "fmt"

// lastPatch is the last patch release of each minor one, for when nobody can be asked. A newer one is found by its entries, or not at all.
var lastPatch = []struct{ minor, patch int }{
	{4, 3}, {5, 4}, {6, 4}, {7, 6}, {8, 7}, {9, 7}, {10, 8}, {11, 13}, {12, 17}, {13, 15}, {14, 15}, {15, 15}, {16, 15}, {17, 13}, {18, 10},
	{19, 13}, {20, 14}, {21, 13}, {22, 12}, {23, 12}, {24, 13}, {25, 14}, {26, 11}, {27, 4},
}

// LikelyReleases are the releases that there should be, ascending: every patch up to the last. The first of a minor release has no patch
// number up to Go 1.20, and is patch 0 after it.
func LikelyReleases() []string {
	const firstWithZero = 21
	var list []string
	for _, m := range lastPatch {
		for patch := range m.patch + 1 {
			if patch == 0 && m.minor < firstWithZero {
				list = append(list, fmt.Sprintf("go1.%d", m.minor))
				continue
			}
			list = append(list, fmt.Sprintf("go1.%d.%d", m.minor, patch))
		}
	}
	return list
}
