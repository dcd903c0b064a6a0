// SPDX-License-Identifier: GPL-2.0-or-later

package diff

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rt0-dev/rt0/harness"
)

// Facts are what is compared of a boot.
type Facts struct {
	Side    Side   `json:"cell"`
	SHA256  string `json:"sha256,omitempty"`
	Until   string `json:"until"`
	Outcome string `json:"outcome"` // "reached main.main", "threw in schedinit", "exited with 2 in init"
	Reason  string `json:"reason,omitempty"`
	// Died is the phase in which the boot ended before its time; "" when it did not. "start" is before any.
	Died string `json:"died,omitempty"`

	Values map[string]string   `json:"values"` // the runtime's conclusions that are known, by their keys in the report
	Lists  map[string][]string `json:"lists"`  // those that are lists

	Phases    []Stretch         `json:"phases"`
	Schedinit []Stretch         `json:"schedinit"`
	Inits     []Stretch         `json:"inits"` // by package, in the order in which they were entered
	Total     Stretch           `json:"total"`
	Files     []Asked           `json:"files"`           // in the order in which they were asked for
	Calls     map[string]int    `json:"calls"`           // system calls by name, of all threads
	First     map[string]string `json:"first,omitempty"` // of a traced boot: the phase in which a call was made for the first time
	Order     []Call            `json:"order,omitempty"` // of a traced boot; nil: it was not traced

	Events []string `json:"events,omitempty"`
	Stdout string   `json:"stdout,omitempty"`
	Stderr string   `json:"stderr,omitempty"`
}

// Stretch is a part of the boot, and what it cost. Threads that run beside it count.
type Stretch struct {
	Name         string `json:"name,omitempty"`
	Times        int    `json:"times,omitempty"` // how many initialisers a package has, when there are several
	Instructions uint64 `json:"instructions"`
	Syscalls     int    `json:"syscalls,omitempty"`
	Pages        uint64 `json:"pages,omitempty"` // touched for the first time; 0: none, or unknown
}

// Asked is a file that the guest asked for.
type Asked struct {
	Path  string `json:"path"`
	Call  string `json:"call"`            // the first that asked for it
	Error string `json:"error,omitempty"` // when no call succeeded
	Phase string `json:"phase,omitempty"` // "": unknown
}

// start is where a boot died that had entered no phase.
const start = "start"

// FactsOf condenses a report.
func FactsOf(r *harness.Report) *Facts {
	f := &Facts{
		Side: r.Place(), SHA256: r.Binary.SHA256, Until: r.Until, Outcome: outcome(r), Reason: r.Reason,
		Phases: stretches(r.Phases), Schedinit: stretches(r.Schedinit), Inits: packages(r.Inits),
		Total: Stretch{Instructions: r.Counts.Instructions, Syscalls: r.Counts.Syscalls, Pages: r.Counts.PagesTouched},
		Calls: map[string]int{}, Events: events(r.Events), Stdout: output(r.Stdout),
	}
	maps.Copy(f.Calls, r.Calls)
	if good[r.Outcome] {
		f.Stderr = output(r.Stderr) // of the others it is a traceback: lines of the release's own source
	} else {
		f.Died = last(r)
	}
	f.conclusions(r.Runtime)
	if r.Files != nil {
		f.asked(r.Files)
	}
	f.trace(r.Syscalls)
	return f
}

// factsOfAll condenses reports, but for those of cells that there are not.
func factsOfAll(reports []*harness.Report) []*Facts {
	list := make([]*Facts, 0, len(reports))
	for _, r := range reports {
		if r != nil && (r.Cell == nil || r.Cell.Absent == "") {
			list = append(list, FactsOf(r))
		}
	}
	return list
}

// good are the outcomes of a boot that went as far as it was to go, or as the program wished.
var good = map[harness.Outcome]bool{harness.Reached: true, harness.Exited: true}

// exiting is the phase to which a runtime that gives up goes on.
const exiting = "exit"

// last is the phase in which a boot ended. The phase exit tells nothing of a runtime that gave up: the one before it is meant.
func last(r *harness.Report) string {
	if n := len(r.Phases); n > 1 && r.Phase == exiting {
		return r.Phases[n-2].Name
	}
	if r.Phase == "" {
		return start
	}
	return r.Phase
}

// outcome is how a boot ended, in words.
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
	return text + " in " + last(r)
}

// stretches are phases without the instructions at which they begin.
func stretches(phases []harness.Phase) []Stretch {
	list := make([]Stretch, len(phases))
	for i, p := range phases {
		list[i] = Stretch{Name: p.Name, Instructions: p.Instructions, Syscalls: p.Syscalls, Pages: p.Pages}
	}
	return list
}

// packages are the initialisers by package: their numbers (main.init.1) shift when one is put in front.
func packages(inits []harness.Init) []Stretch {
	list, index := []Stretch{}, map[string]int{}
	for _, i := range inits {
		at, ok := index[i.Package]
		if !ok {
			at = len(list)
			index[i.Package] = at
			list = append(list, Stretch{Name: i.Package})
		} else {
			list[at].Times = max(list[at].Times, 1) + 1
		}
		list[at].Instructions += i.Instructions
		list[at].Syscalls += i.Syscalls
	}
	return list
}

// addresses are keys of which the value is an address: only whether there is one counts.
var addresses = map[string]bool{"vdsoClockgettime": true}

// conclusions fills in the runtime's values.
func (f *Facts) conclusions(r harness.Runtime) {
	f.Values, f.Lists = map[string]string{}, map[string][]string{}
	v := reflect.ValueOf(r)
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("json")
		switch value := v.Field(i).Interface().(type) {
		case int:
			switch {
			case value == harness.Unknown:
			case addresses[key] && value == 0:
				f.Values[key] = "none"
			case addresses[key]:
				f.Values[key] = "found"
			default:
				f.Values[key] = strconv.Itoa(value)
			}
		case []string:
			if value != nil {
				f.Lists[key] = value
			}
		}
	}
	// The program's own name is the file's, and two files have two names.
	if args := f.Lists["args"]; len(args) > 0 {
		f.Lists["args"] = args[1:]
	}
}

// What differs by itself in a line of text.
var (
	hexadecimal = regexp.MustCompile(`0x[0-9a-f]+`)
	repetition  = regexp.MustCompile(` \(\d+ times\)$`)
)

// masked is a text without addresses.
func masked(text string) string { return hexadecimal.ReplaceAllString(text, "0x…") }

// preemption begins the events of the signal with which the runtime interrupts a goroutine: whether one has to be is chance.
const preemption = "signal SIGURG:"

// events are the events, each once, without addresses and without how often.
func events(list []string) []string {
	var lines []string
	for _, e := range list {
		if e = masked(repetition.ReplaceAllString(e, "")); !strings.HasPrefix(e, preemption) && !slices.Contains(lines, e) {
			lines = append(lines, e)
		}
	}
	return lines
}

// maxOutput bounds in bytes what is kept of a program's output.
const maxOutput = 4096

func output(text string) string {
	if len(text) <= maxOutput {
		return text
	}
	return strings.ToValidUTF8(text[:maxOutput], "") + "\n[cut: " + strconv.Itoa(len(text)) + " bytes]"
}
