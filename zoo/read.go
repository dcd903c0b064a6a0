// SPDX-License-Identifier: GPL-2.0-or-later

package zoo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/rt0-dev/rt0/harness"
	"github.com/rt0-dev/rt0/internal/nearest"
	"github.com/rt0-dev/rt0/internal/yamltree"
	"github.com/rt0-dev/rt0/machine"
)

// ReadError says where in an entry something is wrong.
type ReadError struct {
	File string
	Line int // from 1; 0 when the entry as a whole is meant
	Err  error
}

func (e *ReadError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("zoo entry %s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("zoo entry %s:%d: %v", e.File, e.Line, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// Load reads an entry from a file, no further than an entry may be long: the path may be a device.
func Load(file string) (Entry, error) {
	f, err := os.Open(file)
	if err != nil {
		if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		return Entry{}, &ReadError{File: file, Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, yamltree.MaxBytes+1))
	if err != nil {
		return Entry{}, &ReadError{File: file, Err: err}
	}
	return Parse(file, data)
}

// Parse reads an entry. Errors are of type [*ReadError]. Its ID is the file's name.
func Parse(file string, data []byte) (Entry, error) {
	base := filepath.Base(file)
	e := Entry{ID: strings.TrimSuffix(base, filepath.Ext(base)), File: file}
	err := e.read(data)
	if err == nil {
		return e, nil
	}
	r := &ReadError{File: file, Err: err}
	if at := (*yamltree.Error)(nil); errors.As(err, &at) {
		r.Line, r.Err = at.Line, at.Err
	}
	return Entry{}, r
}

func (e *Entry) read(data []byte) error {
	body, err := yamltree.Parse(data, "an entry of the zoo")
	if err != nil {
		return err
	}
	if !isID(e.ID) {
		return fmt.Errorf("%q cannot be an entry's name: want lower-case letters, digits and dashes", yamltree.Clip(e.ID))
	}
	pairs, err := yamltree.Mapping(body, "an entry of the zoo")
	if err != nil {
		return err
	}
	base := Case{Until: harness.DefaultUntil, Machine: machine.New(), Program: Program{Source: bare},
		Expect: map[Side][]harness.Expectation{}}
	keys := append(e.keys(), base.keys()...)
	var cases ast.Node
	keys = append(keys, key{"cases", func(n ast.Node) error { cases = n; return nil }})
	if err := apply(pairs, keys); err != nil {
		return err
	}
	if err := e.complete(); err != nil {
		return yamltree.At(body, err)
	}
	if cases == nil {
		e.Cases = []Case{base}
		err = yamltree.At(body, base.check())
	} else {
		err = e.readCases(cases, base)
	}
	for i := range e.Cases {
		if m := &e.Cases[i].Machine; m.Name == unnamed {
			m.Name = e.title(e.Cases[i])
		}
	}
	return err
}

// unnamed is the name that package machine gives a mapping that has none of its own.
const unnamed = "unnamed"

// readCases reads the list of cases, each of which starts from what the entry says for all.
func (e *Entry) readCases(node ast.Node, base Case) error {
	items, err := yamltree.Sequence(node, "cases")
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return yamltree.Errorf(node, "cases has none: leave it out")
	}
	for _, item := range items {
		pairs, err := yamltree.Mapping(item, "a case")
		if err != nil {
			return err
		}
		c := base.clone()
		keys := append(c.keys(), key{"name", text(&c.Name)})
		if err := apply(pairs, keys); err != nil {
			return err
		}
		if !isID(c.Name) {
			return yamltree.Errorf(item, "a case needs a name of lower-case letters, digits and dashes, not %q", yamltree.Clip(c.Name))
		}
		if slices.ContainsFunc(e.Cases, func(other Case) bool { return other.Name == c.Name }) {
			return yamltree.Errorf(item, "there is a case %s already", c.Name)
		}
		if err := c.check(); err != nil {
			return yamltree.At(item, err)
		}
		e.Cases = append(e.Cases, c)
	}
	return nil
}

func isID(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	return text != "" && len(text) <= 80 && strings.Trim(text, letters) == ""
}

// clone shares nothing that a case changes.
func (c Case) clone() Case {
	expect := map[Side][]harness.Expectation{}
	for side, list := range c.Expect {
		expect[side] = slices.Clone(list)
	}
	c.Expect = expect
	c.Program.Env, c.Program.Args = slices.Clone(c.Program.Env), slices.Clone(c.Program.Args)
	return c
}

// key is a key of a mapping, and what its value is for.
type key struct {
	name string
	set  func(ast.Node) error
}

// apply gives each value to its key, and complains with the line of the value.
func apply(pairs []yamltree.Pair, keys []key) error {
	for _, p := range pairs {
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == p.Name })
		if i < 0 {
			var names []string
			for _, k := range keys {
				names = append(names, k.name)
			}
			near := nearest.Hint(p.Name, names)
			if near == "" {
				near = ": the keys are " + strings.Join(names, ", ")
			}
			return yamltree.Errorf(p.Key, "unknown key %q%s", yamltree.Clip(p.Name), near)
		}
		if _, null := p.Value.(*ast.NullNode); null {
			return yamltree.Errorf(p.Key, "%s has no value", p.Name)
		}
		if err := keys[i].set(p.Value); err != nil {
			return yamltree.At(p.Value, fmt.Errorf("%s: %w", p.Name, err))
		}
	}
	return nil
}

// keys are those of an entry beside those that its cases share.
func (e *Entry) keys() []key {
	return []key{
		{"title", text(&e.Title)}, {"issue", text(&e.Issue)}, {"links", texts(&e.Links)}, {"explanation", text(&e.Explanation)},
		{"range", text(&e.Range)}, {"note", text(&e.Note)},
	}
}

// keys are those that an entry may have for all its cases, and a case for itself.
func (c *Case) keys() []key {
	return []key{
		{"arch", texts(&c.Arch)}, {"affected", texts(&c.Affected)}, {"clean", texts(&c.Clean)},
		{"program", c.Program.read}, {"machine", c.Machine.UnmarshalYAML}, {"until", text(&c.Until)},
		{"limits", c.Limits.read}, {"expect", c.readExpect}, {"crash", text(&c.Crash)},
	}
}

func (p *Program) read(node ast.Node) error {
	if name, err := yamltree.Scalar(node); err == nil {
		p.Fixture, p.Source = name, ""
		return nil
	}
	pairs, err := yamltree.Mapping(node, "it")
	if err != nil {
		return err
	}
	fixture, source := "", ""
	err = apply(pairs, []key{
		{"fixture", text(&fixture)}, {"source", text(&source)}, {"go", text(&p.GoLine)}, {"mode", text(&p.Mode)}, {"env", texts(&p.Env)},
		{"strip", boolean(&p.Strip)}, {"args", texts(&p.Args)},
	})
	if err != nil {
		return err
	}
	if fixture != "" && source != "" {
		return errors.New("it has a fixture and a source: which of them?")
	}
	if fixture != "" || source != "" {
		p.Fixture, p.Source = fixture, source
	}
	return nil
}

func (l *Limits) read(node ast.Node) error {
	pairs, err := yamltree.Mapping(node, "it")
	if err != nil {
		return err
	}
	return apply(pairs, []key{
		{"instructions", func(n ast.Node) error {
			word, err := yamltree.Scalar(n)
			if err != nil {
				return err
			}
			if l.Instructions, err = strconv.ParseUint(word, 0, 64); err != nil || l.Instructions == 0 {
				return fmt.Errorf("%q is no number of instructions: want one such as 50_000_000", yamltree.Clip(word))
			}
			return nil
		}},
		{"memory", func(n ast.Node) error {
			word, err := yamltree.Scalar(n)
			if err != nil {
				return err
			}
			size, err := machine.ParseSize(word)
			if err == nil && size == 0 {
				err = errors.New("a boot needs some")
			}
			l.Memory = uint64(size)
			return err
		}},
	})
}

// readExpect replaces the expectations of the sides that are there.
func (c *Case) readExpect(node ast.Node) error {
	pairs, err := yamltree.Mapping(node, "it")
	if err != nil {
		return err
	}
	var keys []key
	for _, side := range Sides {
		keys = append(keys, key{string(side), func(n ast.Node) error {
			items, err := yamltree.Sequence(n, "it")
			if err != nil {
				return err
			}
			list := make([]harness.Expectation, 0, len(items))
			for _, item := range items {
				word, err := yamltree.Scalar(item)
				if err != nil {
					return err
				}
				e, err := harness.ParseExpectation(word)
				if err != nil {
					return yamltree.At(item, err)
				}
				list = append(list, e)
			}
			c.Expect[side] = list
			return nil
		}})
	}
	return apply(pairs, keys)
}

// text takes a scalar.
func text(to *string) func(ast.Node) error {
	return func(n ast.Node) (err error) {
		*to, err = yamltree.Scalar(n)
		*to = strings.TrimSpace(*to)
		return err
	}
}

// texts takes a list of scalars, or one of them alone.
func texts(to *[]string) func(ast.Node) error {
	return func(n ast.Node) error {
		items := []ast.Node{n}
		if _, list := n.(*ast.SequenceNode); list {
			items, _ = yamltree.Sequence(n, "")
		}
		*to = make([]string, 0, len(items))
		for _, item := range items {
			word, err := yamltree.Scalar(item)
			if err != nil {
				return err
			}
			*to = append(*to, word)
		}
		return nil
	}
}

// boolean takes true or false.
func boolean(to *bool) func(ast.Node) error {
	return func(n ast.Node) error {
		word, err := yamltree.Scalar(n)
		*to = word == "true"
		if err == nil && word != "true" && word != "false" {
			err = fmt.Errorf("want true or false, not %q", yamltree.Clip(word))
		}
		return err
	}
}
