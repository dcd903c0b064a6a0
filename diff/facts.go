// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Facts are what is compared of a boot.
type Facts struct {
	Side
	SHA256  string `json:"sha256,omitempty"`
	Until   string `json:"until"`
	Outcome string `json:"outcome"` // "reached main.main", "threw in schedinit", "exited with 2 in init"
	Died    bool   `json:"died,omitempty"`
	Reason  string `json:"reason,omitempty"`

	Runtime   map[string]string `json:"runtime"` // what is known, by its key
	Phases    []Stretch         `json:"phases"`
	Schedinit []Stretch         `json:"schedinit"`
	Inits     []Stretch         `json:"inits"` // by package, in the order that they were entered
	Files     []Asked           `json:"files"`
	Calls     map[string]int    `json:"calls"` // system calls by name
	Traced    []Call            `json:"traced,omitempty"`
	Total     Stretch           `json:"total"`
	Events    []string          `json:"events,omitempty"`
	Stdout    string            `json:"stdout,omitempty"`
	Stderr    string            `json:"stderr,omitempty"`
}

// Stretch is a part of the boot, and what it cost.
type Stretch struct {
	Name         string `json:"name,omitempty"`
	Times        int    `json:"times,omitempty"` // how many initialisers a package has; 0: one
	Instructions uint64 `json:"instructions"`
	Syscalls     int    `json:"syscalls,omitempty"`
	Pages        uint64 `json:"pages,omitempty"` // 0: unknown
}

// Asked is a file that the guest asked for.
type Asked struct {
	Path  string `json:"path"`
	Call  string `json:"call"`
	Error string `json:"error,omitempty"`
	Phase string `json:"phase,omitempty"` // "": unknown
}

// Call is a run of equal system calls of the first thread.
type Call struct {
	Phase string `json:"phase,omitempty"`
	Name  string `json:"name"`
	Times int    `json:"times,omitempty"` // 0: once
}

// FactsOf condenses a report.
func FactsOf(r *harness.Report) *Facts {
	return &Facts{Side: sideOf(r), SHA256: r.Binary.SHA256, Until: r.Until, Outcome: outcome(r), Died: died(r), Reason: r.Reason, Runtime: values(r)}
}

func factsOfAll(reports []*harness.Report) []*Facts {
	list := make([]*Facts, len(reports))
	for i, r := range reports {
		list[i] = FactsOf(r)
	}
	return list
}

// sideOf is the place of a boot.
func sideOf(r *harness.Report) Side {
	variant := r.Binary.BuildMode
	if variant == "" {
		variant = plainVariant
	}
	if r.Binary.Stripped {
		variant = strings.TrimPrefix(variant+"+stripped", plainVariant+"+")
	}
	return Side{
		Program: path.Base(r.Binary.Path), Toolchain: r.Binary.GoVersion, GOARCH: r.Binary.GOARCH, Variant: variant, Machine: r.Machine.Name,
	}
}

// good are the outcomes of a boot that went as far as it was to go, or as the program wished.
var good = map[harness.Outcome]bool{harness.Reached: true, harness.Exited: true}

func died(r *harness.Report) bool { return !good[r.Outcome] }

// outcome is how a boot ended, in words: a report that was read from JSON does not tell in which phase the runtime gave up, but it goes on
// to the phase exit from there.
func outcome(r *harness.Report) string {
	text := string(r.Outcome)
	switch r.Outcome {
	case harness.Reached:
		return text + " " + r.Until
	case harness.Refused:
		return text
	}
	if r.ExitCode != nil && r.Outcome == harness.Exited {
		text += " with " + strconv.Itoa(*r.ExitCode)
	}
	if r.Signal != nil {
		text += " by " + *r.Signal
	}
	phase := r.Phase
	if n := len(r.Phases); n > 1 && phase == "exit" {
		phase = r.Phases[n-2].Name
	}
	if phase != "" {
		text += " in " + phase
	}
	return text
}

// values are the runtime's values that are known.
func values(r *harness.Report) map[string]string {
	data, err := json.Marshal(r.Runtime)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	known := map[string]string{}
	for key, value := range fields {
		if text := string(value); text != "null" {
			known[key] = text
		}
	}
	return known
}
