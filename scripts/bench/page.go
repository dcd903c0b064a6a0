// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// markers are the lines of the page that a section's table stands between.
func markers(section string) (begin, end string) {
	return "<!-- bench " + section + ": written by make bench -->\n", "<!-- end of bench " + section + " -->\n"
}

// put puts a section's table into the page, in place of the one that is there.
func put(page []byte, section string, content []byte) ([]byte, error) {
	first, last := markers(section)
	before, rest, ok := bytes.Cut(page, []byte(first))
	_, after, closed := bytes.Cut(rest, []byte(last))
	if !ok || !closed {
		return nil, fmt.Errorf("has no place for %s: put the lines %q and %q there", section, strings.TrimSpace(first), strings.TrimSpace(last))
	}
	return bytes.Join([][]byte{before, []byte(first), content, []byte(last), after}, nil), nil
}

// write puts the table into the page at path.
func write(path, section, host string, t *table) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the page of figures: %w", err)
	}
	var content bytes.Buffer
	t.markdown(&content)
	fmt.Fprintf(&content, "\n%s.\n", host)
	if page, err = put(page, section, content.Bytes()); err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return os.WriteFile(path, page, 0o666)
}

// host says what the figures were taken on, and when, and how busy it was.
func host() string {
	cpu := field("/proc/cpuinfo", "model name", "\n", ":")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	load, _ := os.ReadFile("/proc/loadavg")
	busy, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%s UTC, %s (%d CPUs), Linux %s, %s, load average before it %s",
		time.Now().UTC().Format("2006-01-02 15:04"), cpu, runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version(), busy)
}

// field is the value of a name in a file of /proc; empty if there is none.
func field(path, name, between, behind string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(data), between) {
		if key, value, ok := strings.Cut(line, behind); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
