// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/render"
	"github.com/rt0-dev/rt0/machine"
)

// sweepHead is the first line of JSON lines: all that the rows behind it depend on, so that a sweep is resumed behind its own rows only.
type sweepHead struct {
	Schema int        `json:"schema"`
	RT0    sweepRT0   `json:"rt0"`
	Sweep  sweepFacts `json:"sweep"`
}

// sweepRT0 is the program that makes the rows. One that has no version is told by its checksum: whoever works on rt0 does not resume the
// rows of yesterday's.
type sweepRT0 struct {
	harness.RT0
	SHA256 string `json:"sha256,omitempty"`
}

// sweepFacts are what a sweep boots, and how.
type sweepFacts struct {
	Axes     []harness.Axis    `json:"axes"`
	Zip      bool              `json:"zip"`
	Sample   int               `json:"sample"` // 0: all
	Seed     uint64            `json:"seed"`
	Binaries []sweepBinary     `json:"binaries"`
	Machines []machine.Machine `json:"machines"` // what the axes vary
	Until    string            `json:"until"`
	Limits   sweepLimits       `json:"limits"`
	Args     []string          `json:"args"`
	Expect   []string          `json:"expect"`
}

type sweepBinary struct {
	Binary string `json:"binary"` // as it was asked for
	GOARCH string `json:"goarch"`
	SHA256 string `json:"sha256"`
}

type sweepLimits struct {
	Instructions uint64 `json:"instructions"`
	Memory       uint64 `json:"memory"`
	Timeout      string `json:"timeout"`
}

// head is what the flags say of it; its binaries, machines and axes are added as they are found.
func (f *sweepFlags) head(guestArgs []string) sweepHead {
	facts := sweepFacts{
		Axes: []harness.Axis{}, Zip: f.zip, Sample: f.sample, Seed: f.seed,
		Until: f.until, Args: append([]string{}, guestArgs...), Expect: []string{},
		Limits: sweepLimits{uint64(f.instructions), uint64(f.memory), f.timeout.String()},
	}
	for _, e := range f.expect {
		facts.Expect = append(facts.Expect, e.String())
	}
	doc := harness.NewDocument()
	h := sweepHead{doc.Schema, sweepRT0{RT0: doc.RT0}, facts}
	if h.RT0.Version == unversioned {
		h.RT0.SHA256 = thisProgram()
	}
	return h
}

// unversioned is the version of a program that was built from a work tree.
const unversioned = "(devel)"

// thisProgram is the SHA-256 of rt0 itself; "" when its file is gone.
var thisProgram = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
})

func (h *sweepHead) axes(a harness.Axes) {
	h.Sweep.Axes = append(h.Sweep.Axes, a.List...)
}

func (h *sweepHead) machine(m machine.Machine) {
	h.Sweep.Machines = append(h.Sweep.Machines, m.Resolved())
}

func (h *sweepHead) binary(name string, b harness.Binary) {
	h.Sweep.Binaries = append(h.Sweep.Binaries, sweepBinary{name, b.GOARCH, b.SHA256})
}

// id is a short sum of the head. It is in the rows of CSV, which have no place for the head.
func (h sweepHead) id() (string, error) {
	text, err := compact(h)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), err
}

// differs names the facts that two heads have not in common.
func (h sweepHead) differs(line []byte) (names []string, err error) {
	var was struct {
		Schema json.RawMessage            `json:"schema"`
		RT0    json.RawMessage            `json:"rt0"`
		Sweep  map[string]json.RawMessage `json:"sweep"`
	}
	if err := json.Unmarshal(line, &was); err != nil {
		return nil, err
	}
	text, err := compact(h)
	if err != nil {
		return nil, err
	}
	now := was
	now.Sweep = nil
	if err := json.Unmarshal(text, &now); err != nil {
		return nil, err
	}
	if !bytes.Equal(was.Schema, now.Schema) || !bytes.Equal(was.RT0, now.RT0) {
		names = append(names, "the version of rt0")
	}
	for _, key := range []string{"axes", "zip", "sample", "seed", "binaries", "machines", "until", "limits", "args", "expect"} {
		if !bytes.Equal(was.Sweep[key], now.Sweep[key]) {
			names = append(names, key)
		}
	}
	return names, nil
}

// place is the place of a variant as JSON: an object with the keys in their order.
type place struct{ keys, values []string }

// MarshalJSON implements [json.Marshaler].
func (p place) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, key := range p.keys {
		if i > 0 {
			b = append(b, ',')
		}
		for j, text := range []string{key, p.values[i]} {
			word, err := compact(text)
			if err != nil {
				return nil, err
			}
			b = append(append(b, word...), ":"[j:]...)
		}
	}
	return append(b, '}'), nil
}

// compact is JSON on one line as reports have it, where < and > are themselves.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// counted says how many boots ended in which way: "500 reached, 12 threw".
func counted(outcomes map[harness.Outcome]int) string {
	var words []string
	for _, o := range harness.Outcomes {
		if n := outcomes[o]; n > 0 {
			words = append(words, render.Number(uint64(n))+" "+string(o))
		}
	}
	return strings.Join(words, ", ")
}
