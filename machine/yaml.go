// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/rt0-dev/rt0/internal/yamltree"
)

// Profiles are read from the syntax tree, not by decoding into a struct: the table of keys decides what there is, a scalar's text goes
// to the same code as after --set, and each complaint knows its line.

// inheritsKey is the one key of a profile that a machine does not have.
const inheritsKey = "inherits"

// parseProfile is the machine that a profile describes. The last of the chain is its own id.
func parseProfile(id string, data []byte, chain []string) (Machine, error) {
	body, err := yamltree.Parse(data, "a profile")
	if err != nil {
		return Machine{}, locate(id, err)
	}
	m, err := fromNode(body, chain)
	if err != nil {
		return Machine{}, locate(id, err)
	}
	fill(&m.Name, strings.TrimSuffix(strings.TrimSuffix(filepath.Base(id), ".yaml"), ".yml"))
	if err := m.Validate(); err != nil {
		return Machine{}, &ProfileError{File: id, Err: err}
	}
	return m, nil
}

// locate gives an error the file that it is in, unless it is an inherited one's and has that.
func locate(id string, err error) error {
	if inner := (*ProfileError)(nil); errors.As(err, &inner) {
		return inner
	}
	if at := (*yamltree.Error)(nil); errors.As(err, &at) {
		return &ProfileError{id, at.Line, at.Err}
	}
	return &ProfileError{File: id, Err: err}
}

// fromNode is the machine that a mapping describes: the one that it inherits from, changed. Its name is empty unless it gives one.
func fromNode(body ast.Node, chain []string) (Machine, error) {
	base := "default"
	pairs, err := yamltree.Mapping(body, "a profile")
	if err != nil {
		return Machine{}, err
	}
	for _, pair := range pairs {
		if pair.Name != inheritsKey {
			continue
		}
		if base, err = yamltree.Scalar(pair.Value); err != nil {
			return Machine{}, err
		}
	}
	m, err := parent(base, chain)
	if err != nil {
		var inner *ProfileError
		for _, pair := range pairs {
			if pair.Name == inheritsKey && !errors.As(err, &inner) {
				err = yamltree.At(pair.Value, err)
			}
		}
		return Machine{}, err
	}
	m.Name, m.Description = "", ""
	// In the table's order, since files say more than hugePage does; what is no key comes first.
	slices.SortStableFunc(pairs, func(a, b yamltree.Pair) int { return cmp.Compare(tableOrder(a.Name), tableOrder(b.Name)) })
	return m, applyPairs(&m, pairs, "", map[string]bool{})
}

// tableOrder is the place in the table of a key, or of the first of a group.
func tableOrder(name string) int {
	return slices.IndexFunc(keys, func(k key) bool { return k.name == name || strings.HasPrefix(k.name, name+".") })
}

// applyPairs gives the machine the values of a mapping whose keys start with the prefix.
func applyPairs(m *Machine, pairs []yamltree.Pair, prefix string, seen map[string]bool) error {
	for _, p := range pairs {
		full := prefix + p.Name
		if seen[full] {
			return yamltree.Errorf(p.Key, "%s is there twice", clip(full))
		}
		seen[full] = true
		var err error
		switch {
		case full == inheritsKey:
		case isGroup(full):
			err = applyGroup(m, full+".", p.Value, seen)
		default:
			err = applyKey(m, full, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isGroup says that a key is the first part of others: kernel, env.
func isGroup(name string) bool {
	for _, k := range keys {
		if strings.HasPrefix(k.name, name+".") {
			return true
		}
	}
	return false
}

// applyGroup reads a group's mapping. The environment may be a list of NAME=VALUE as well, which keeps order and repetition.
func applyGroup(m *Machine, prefix string, node ast.Node, seen map[string]bool) error {
	if _, isList := node.(*ast.SequenceNode); isList && prefix == envPrefix {
		entries, err := sequence(node)
		if err != nil {
			return err
		}
		m.Env = mergeEnv(m.Env, entries)
		return yamltree.At(node, checkEnv(m))
	}
	group := strings.TrimSuffix(prefix, ".")
	if _, err := yamltree.Scalar(node); err == nil {
		return yamltree.Errorf(node, "%q is a group of keys; did you mean %q?", group, nearest(group, keyNames()))
	}
	pairs, err := yamltree.Mapping(node, group)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.entry != nil && openPrefix(k.name) == prefix {
			return applyEntries(m, k, pairs, seen)
		}
	}
	return applyPairs(m, pairs, prefix, seen)
}

// applyEntries gives the machine the entries of an open key. They are looked at together when all are there: each alone would take time by
// the square of their number.
func applyEntries(m *Machine, k key, pairs []yamltree.Pair, seen map[string]bool) error {
	given := make(map[string]ast.Node, len(pairs))
	var env []string
	for _, p := range pairs {
		full := k.full(p.Name)
		if seen[full] {
			return yamltree.Errorf(p.Key, "%s is there twice", clip(full))
		}
		seen[full] = true
		if p.Name == "" {
			return yamltree.At(p.Key, &UnknownKeyError{Key: full, Nearest: k.name})
		}
		if _, isNull := p.Value.(*ast.NullNode); isNull {
			k.entry(m, p.Name, nil)
			continue
		}
		value, err := yamltree.Scalar(p.Value)
		if err != nil {
			return err
		}
		given[full] = p.Value
		if k.name == envPrefix+"NAME" {
			env = append(env, p.Name+"="+value)
			continue
		}
		k.entry(m, p.Name, &value)
	}
	m.Env = mergeEnv(m.Env, env)
	m.settle()
	err := k.validate(m, "*")
	if bad := (*ValueError)(nil); errors.As(err, &bad) && given[bad.Key] != nil {
		return yamltree.At(given[bad.Key], err)
	}
	if err != nil && len(pairs) > 0 {
		return yamltree.At(pairs[0].Key, err)
	}
	return err
}

func applyKey(m *Machine, name string, p yamltree.Pair) error {
	k, rest, add, err := findKeyToSet(name)
	if err != nil {
		candidates := append(keyNames(), inheritsKey)
		return yamltree.At(p.Key, &UnknownKeyError{Key: name, Nearest: nearest(name, candidates)})
	}
	var before []string // what the list adds to
	if add {
		before = slices.Clip(*k.seq(m))
	}
	_, isNull := p.Value.(*ast.NullNode)
	switch _, isList := p.Value.(*ast.SequenceNode); {
	case isNull && k.entry != nil:
		k.entry(m, rest, nil)
		return nil
	case isNull && k.seq != nil:
		*k.seq(m) = []string{}
		return nil
	case isNull:
		return yamltree.Errorf(p.Key, "%s has no value", k.full(rest))
	case isList && k.seq != nil:
		items, err := sequence(p.Value)
		if err != nil {
			return err
		}
		*k.seq(m) = append(before, items...)
		m.settle()
		return yamltree.At(p.Value, k.validate(m, rest))
	}
	value, err := yamltree.Scalar(p.Value)
	if err != nil {
		return err
	}
	return yamltree.At(p.Value, k.apply(m, rest, value, before))
}

func sequence(node ast.Node) ([]string, error) {
	values, err := yamltree.Sequence(node, "it")
	if err != nil {
		return nil, err
	}
	items := make([]string, 0, len(values))
	for _, value := range values {
		item, err := yamltree.Scalar(value)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// UnmarshalYAML lets other YAML files hold a machine: the name of a profile, or a profile's mapping, inherits and all.
func (m *Machine) UnmarshalYAML(node ast.Node) error {
	var loaded Machine
	name, err := yamltree.Scalar(node)
	if err == nil {
		loaded, err = Load(name)
	} else if loaded, err = fromNode(node, nil); err == nil {
		fill(&loaded.Name, "unnamed")
		err = loaded.Validate()
	}
	if err == nil {
		*m = loaded
	}
	return err
}
