// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"fmt"
	"strings"
)

// UnknownKeyError says that a machine has no such key.
type UnknownKeyError struct {
	Key     string
	Nearest string // the key that was most likely meant
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("unknown machine key %q; did you mean %q?", clip(e.Key), e.Nearest)
}

// UnknownProfileError says that no profile has that name.
type UnknownProfileError struct {
	Name    string
	Nearest string // the name that was most likely meant
}

func (e *UnknownProfileError) Error() string {
	return fmt.Sprintf("unknown machine profile %q; did you mean %q? (a file's name has a / or ends in .yaml)", clip(e.Name), e.Nearest)
}

// ValueError says that a key cannot have that value, and what it can have.
type ValueError struct {
	Key   string
	Value string
	Want  string // "want ...", or what is wrong
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("machine key %s cannot be %q: %s", clip(e.Key), clip(e.Value), e.Want)
}

// ProfileError says where in a profile something is wrong.
type ProfileError struct {
	File string // a file's path, or a built-in profile's name
	Line int    // from 1; 0 when the profile as a whole is meant
	Err  error
}

func (e *ProfileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("machine profile %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("machine profile %s:%d: %v", e.File, e.Line, e.Err)
}

func (e *ProfileError) Unwrap() error { return e.Err }

// clip keeps a value that is quoted in an error to one readable line.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// nearest is the candidate with the fewest edits from the text, upper and lower case being the same; the first of equals.
// A candidate may also be meant by one of its parts ("release" for "kernel.release"), or by its beginning ("rasp").
func nearest(text string, candidates []string) string {
	const most = 64 // enough to tell every key; bounds the work for a text of any length
	text = strings.ToLower(text)
	text = text[:min(len(text), most)]
	best, least := "", int(^uint(0)>>1)
	for _, candidate := range candidates {
		lower := strings.ToLower(candidate)
		d := 2 * edits(text, lower)
		if group, last, dotted := strings.Cut(lower, "."); dotted {
			d = min(d, 2*edits(text, group)+1, 2*edits(text, last)+1)
		}
		if text != "" && strings.HasPrefix(lower, text) {
			d = min(d, 1)
		}
		if d < least {
			best, least = candidate, d
		}
	}
	return best
}

// edits is the number of insertions, deletions, replacements and swaps of neighbours that turn a into b (the distance of
// Damerau and Levenshtein, each place edited at most once).
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
