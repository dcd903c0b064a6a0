// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"encoding/base64"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MarshalYAML is the whole machine as a profile that inherits nothing and loads back to an equal machine. The keys stand in the
// table's order.
func (m Machine) MarshalYAML() ([]byte, error) {
	m = m.Resolved()
	var b strings.Builder
	group := ""
	for _, k := range keys {
		if k.omit != nil && k.omit(&m) {
			continue
		}
		name, indent := k.name, ""
		if prefix, last, dotted := strings.Cut(k.name, "."); dotted {
			if prefix != group {
				b.WriteString(prefix + ":\n")
			}
			group, name, indent = prefix, last, "  "
		}
		switch {
		case k.name == envPrefix+"NAME":
			writeList(&b, m.Env)
		case k.name != filePrefix+"/PATH" && k.entry != nil:
			names, value := k.entries(&m)
			for _, name := range names {
				text, _ := value(&m, name)
				fmt.Fprintf(&b, "  %s: %s\n", yamlString(name), yamlString(text))
			}
		case k.entry != nil:
			for _, path := range slices.Sorted(maps.Keys(m.Files)) {
				fmt.Fprintf(&b, "  %s: %s\n", yamlString(path), fileText(path, m.Files[path]))
			}
		case k.seq != nil:
			writeSeq(&b, indent, name, *k.seq(&m))
		case k.quote:
			fmt.Fprintf(&b, "%s%s: %s\n", indent, name, yamlString(k.get(&m)))
		default:
			fmt.Fprintf(&b, "%s%s: %s\n", indent, name, yamlPlain(k.get(&m)))
		}
	}
	return []byte(b.String()), nil
}

// writeSeq writes a list with its key.
func writeSeq(b *strings.Builder, indent, name string, items []string) {
	b.WriteString(indent + name + ":\n")
	for _, item := range items {
		b.WriteString(indent + "  - " + yamlString(item) + "\n")
	}
}

func writeList(b *strings.Builder, items []string) {
	for _, item := range items {
		b.WriteString("  - " + yamlString(item) + "\n")
	}
}

var (
	// plainText reads as a string for every YAML reader: it starts with a letter and is no word or number of YAML 1.1 or 1.2.
	plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)
	wordText  = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf|infinity)$`)
	// plainValue is a value whose kind its key knows: sizes, counts, times.
	plainValue = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)
)

func yamlPlain(text string) string {
	if plainValue.MatchString(text) {
		return text
	}
	return yamlString(text)
}

// yamlString is a text as a YAML scalar of one line.
func yamlString(text string) string {
	switch {
	case plainText.MatchString(text) && !wordText.MatchString(text):
		return text
	case !utf8.ValidString(text):
		return "!!binary " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80 && unicode.IsPrint(r), r >= 0xa1 && r < 0x10000 && unicode.IsGraphic(r) && !unicode.IsSpace(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// fileText is a file's contents as yamlString, or as a literal block where they are plain lines that a reader would like to see as
// such. Beside a !!binary path the parser (goccy/go-yaml 1.19) refuses blocks.
func fileText(path, text string) string {
	body, ended := strings.CutSuffix(text, "\n")
	if !ended || body == "" || !utf8.ValidString(path) {
		return yamlString(text)
	}
	for i, line := range strings.Split(body, "\n") {
		indented := i > 0 && strings.HasPrefix(line, " ")
		if line == "" || strings.TrimRight(line, " \t") != line || (!indented && strings.TrimLeft(line, " \t") != line) ||
			strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			return yamlString(text)
		}
	}
	const indent = "    "
	return "|\n" + indent + strings.ReplaceAll(body, "\n", "\n"+indent)
}
