// SPDX-License-Identifier: GPL-2.0-or-later

// Package nearest finds what a user most likely meant by a word that does not exist.
package nearest

import "strings"

// Of is the candidate with the fewest edits from word, upper and lower case being the same, and the first of equals; "" when none is
// within half of the word's length. A word that begins a candidate is near to it.
func Of(word string, candidates []string) string {
	const most = 64 // bounds the work for a word of any length
	word = strings.ToLower(word[:min(len(word), most)])
	best, least := "", len(word)/2+1
	for _, candidate := range candidates {
		lower := strings.ToLower(candidate)
		d := edits(word, lower)
		if len(word) > 1 && strings.HasPrefix(lower, word) {
			d = min(d, 1)
		}
		if d < least {
			best, least = candidate, d
		}
	}
	return best
}

// Hint is the end of an error's sentence: what was most likely meant, or nothing.
func Hint(word string, candidates []string) string {
	if best := Of(word, candidates); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// edits is the number of insertions, deletions and replacements that turn a into b (Levenshtein's distance).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
