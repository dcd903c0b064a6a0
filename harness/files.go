// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import "strings"

// File is a path that the guest asked the kernel for.
type File struct {
	Path  string `json:"path"`
	Call  string `json:"call"` // "openat"
	Phase string `json:"phase"`
	Error string `json:"error,omitempty"` // "ENOENT"; "" when the call succeeded
}

// maxFiles bounds the files that a report keeps. A start-up asks for some ten; a guest may ask for millions.
const maxFiles = 4096

// takesPath says whether a system call has a path among its arguments, and is therefore in [Report.Files].
func takesPath(name string) bool { return strings.Contains(callArguments[name], "s") }

// sawFile keeps the first call of each name on each path. The call takes one.
func (b *boot) sawFile(c call) {
	if len(b.report.Files) >= maxFiles {
		return
	}
	key := [2]string{c.Name, c.text}
	if b.files[key] {
		return
	}
	b.files[key] = true
	f := File{Path: c.text, Call: c.Name, Phase: c.phase}
	if c.Done && c.Errno != 0 {
		f.Error = c.Errno.String()
	}
	b.report.Files = append(b.report.Files, f)
}
