// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A LineError is a line of a trace that cannot be read.
type LineError struct {
	N    int // from 1
	Line string
	Why  string
}

func (e *LineError) Error() string {
	return fmt.Sprintf("line %d of the trace, %q: %s", e.N, e.Line, e.Why)
}

// ParseStrace reads what strace -f -o wrote, up to the first clone and with it: the system calls of the program that was executed last.
// Up to there no line is interrupted by another thread's. Strings become Go's; numbers are left as they stand.
func ParseStrace(text string) ([]Call, error) {
	var calls []Call
	for i, line := range strings.Split(text, "\n") {
		c, ok, why := straceLine(line)
		switch {
		case why != "":
			return nil, &LineError{i + 1, line, why}
		case !ok:
			continue
		case c.Name == "execve":
			calls = nil
			continue
		}
		calls = append(calls, c)
		if last(c.Name) {
			break
		}
	}
	return calls, nil
}

// straceLine reads a line; !ok is one that holds no call: a signal, the end of the process, a remark of strace's own.
func straceLine(line string) (c Call, ok bool, why string) {
	if pid, rest, found := strings.Cut(line, " "); found && strings.Trim(pid, "0123456789") == "" {
		line = strings.TrimLeft(rest, " ") // -f
	}
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++") || strings.HasPrefix(line, "[ Process") ||
		strings.HasPrefix(line, "strace:") {
		return c, false, ""
	}
	name, rest, found := strings.Cut(line, "(")
	if !found || strings.ContainsAny(name, " <\"") {
		return c, false, "no system call"
	}
	c.Name = name
	args, rest, complete := splitArgs(rest)
	c.Args = args
	if last(name) { // its thread may speak before it returns
		return c, true, ""
	}
	result, found := strings.CutPrefix(strings.TrimLeft(rest, " "), "= ")
	if !complete || !found {
		return c, false, "the call is not finished"
	}
	c.Result = straceResult(result)
	for i, arg := range c.Args {
		if c.Args[i], why = straceString(arg); why != "" {
			return c, false, why
		}
	}
	return c, true, ""
}

// splitArgs splits at commas that stand in no bracket and no string, up to the parenthesis that ends the list.
func splitArgs(s string) (args []string, rest string, complete bool) {
	depth, start := 0, 0
	add := func(end int) {
		if arg := strings.TrimSpace(strings.TrimSuffix(s[start:end], "<unfinished ...>")); arg != "" {
			args = append(args, arg)
		}
		start = end + 1
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			if depth == 0 {
				add(i)
				return args, s[i+1:], true
			}
			depth--
		case ',':
			if depth == 0 {
				add(i)
			}
		}
	}
	add(len(s))
	return args, "", false
}

// errnoResult is a failure: the explanation in parentheses goes.
var errnoResult = regexp.MustCompile(`^(-1 E[A-Z0-9]+)\b`)

func straceResult(s string) string {
	if m := errnoResult.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return strings.TrimSpace(s)
}

// straceString writes a string argument as Go does. Others come back as they are, and so does one that was cut.
func straceString(arg string) (text, why string) {
	if !strings.HasPrefix(arg, `"`) || !strings.HasSuffix(arg, `"`) {
		return arg, ""
	}
	b, ok := unquoteC(arg[1 : len(arg)-1])
	if !ok {
		return "", "a string's escapes make no sense"
	}
	return strconv.Quote(string(b)), ""
}

// escapes are those of one letter (strace's string_quote).
var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'f': '\f', 'a': '\a', 'b': '\b', '"': '"', '\\': '\\'}

// unquoteC reads the inside of a C string; octal escapes are as short as the next character allows.
func unquoteC(s string) ([]byte, bool) {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		if i == len(s) {
			return nil, false
		}
		if v, ok := escapes[s[i]]; ok {
			b = append(b, v)
			continue
		}
		end := i
		for end < len(s) && end < i+3 && s[end] >= '0' && s[end] <= '7' {
			end++
		}
		v, err := strconv.ParseUint(s[i:end], 8, 8)
		if err != nil {
			return nil, false
		}
		b = append(b, byte(v))
		i = end - 1
	}
	return b, true
}
