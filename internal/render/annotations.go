// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Level is how bad it is what an annotation tells.
type Level string

// The levels, by the names of GitHub's workflow commands.
const (
	LevelError   Level = "error"   // something failed
	LevelWarning Level = "warning" // something has changed, or could not be done
	LevelNotice  Level = "notice"  // something is worth knowing
)

// levels are all of them, worst first.
var levels = []Level{LevelError, LevelWarning, LevelNotice}

// Annotation is one remark beside a run of a CI system.
type Annotation struct {
	Level Level
	Title string // a few words: the cell, or what was compared; may be empty
	Text  string
}

// maxAnnotations is how many of a level GitHub keeps of one step (actions/runner, ExecutionContext.cs, _maxCountPerIssueType). What comes after
// that is dropped there without a word.
const maxAnnotations = 10

// maxAnnotation bounds a text in bytes; GitHub's own bound is 4 KiB (ExecutionContext.cs, _maxIssueMessageLength).
const maxAnnotation = 2000

// Annotations writes remarks as GitHub's workflow commands: the errors first, then warnings, then notices, each in the order of the list. Of
// a level that has more than GitHub shows, the last line says how many there are besides.
func Annotations(w io.Writer, list []Annotation) error {
	var b bytes.Buffer
	for _, level := range levels {
		var these []Annotation
		for _, a := range list {
			if a.Level == level {
				these = append(these, a)
			}
		}
		if len(these) > maxAnnotations {
			const kept = maxAnnotations - 1
			rest := Annotation{Level: level, Title: "and more", Text: fmt.Sprintf("%d more like these: the report has all of them", len(these)-kept)}
			these = append(these[:kept:kept], rest)
		}
		for _, a := range these {
			b.WriteString(a.String() + "\n")
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// String is the workflow command, one line.
func (a Annotation) String() string {
	command := string(a.Level)
	if a.Title != "" {
		command += " title=" + escapeProperty.Replace(printable(a.Title))
	}
	text := printable(a.Text)
	if len(text) > maxAnnotation {
		text = strings.ToValidUTF8(text[:maxAnnotation], "") + "…"
	}
	return "::" + command + "::" + escapeData.Replace(text)
}

// What a command may not have as it is: actions/toolkit, core/src/command.ts (escapeData, escapeProperty).
var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// printable is a text without what only a terminal or nobody could read; its lines are kept.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
}
