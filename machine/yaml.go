// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Profiles are read from the syntax tree, not by decoding into a struct: the table of keys decides what there is, a scalar's text goes
// to the same code as after --set, and each complaint knows its line.

// inheritsKey is the one key of a profile that a machine does not have.
const inheritsKey = "inherits"

// parseProfile is the machine that a profile describes. The last of the chain is its own id.
func parseProfile(id string, data []byte, chain []string) (Machine, error) {
	body, err := parseYAML(data)
	if err != nil {
		return Machine{}, &ProfileError{id, errorLine(err), sentence(err)}
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
	if at := (*lineError)(nil); errors.As(err, &at) {
		return &ProfileError{id, at.line, at.err}
	}
	return &ProfileError{File: id, Err: err}
}

// lineError is an error with its line, on the way to the ProfileError that knows the file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

func at(node ast.Node, err error) error {
	if token := node.GetToken(); err != nil && token != nil && token.Position != nil {
		return &lineError{token.Position.Line, err}
	}
	return err
}

func atf(node ast.Node, format string, args ...any) error {
	return at(node, fmt.Errorf(format, args...))
}

// parseYAML is the body of a YAML text of one document; nil when it is empty.
func parseYAML(data []byte) (body ast.Node, err error) {
	if len(data) > maxProfile {
		return nil, fmt.Errorf("a profile has at most %d bytes", maxProfile)
	}
	if err := boundNesting(data); err != nil {
		return nil, err
	}
	defer func() { // the parser is outside code, and the text is anybody's
		if r := recover(); r != nil {
			body, err = nil, fmt.Errorf("not YAML: the parser gave up on it (%v)", r)
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, isComment := doc.Body.(*ast.CommentGroupNode); isComment {
			continue
		}
		if body != nil {
			return nil, atf(doc.Body, "a profile is one YAML document")
		}
		body = doc.Body
	}
	return body, nil
}

// boundNesting refuses what would run the recursive parser out of stack, which no recover catches. A profile is three levels deep.
func boundNesting(data []byte) error {
	const most = 1000
	flow := 0
	for line := range bytes.Lines(data) {
		block := 0
		for _, c := range line {
			switch c {
			case '[', '{':
				flow++
			case ']', '}':
				flow = max(flow-1, 0)
			case '-', '?', ':', '!', '&', '*':
				block++
			}
		}
		text := bytes.TrimLeft(line, " ")
		if flow > most || len(line)-len(text) > most || (block > most && !bytes.ContainsAny(line, `"'`)) {
			return errors.New("it is nested too deeply for a profile")
		}
	}
	return nil
}

// sentence is a parser's error in one line.
func sentence(err error) error {
	if syntax := yaml.Error(nil); errors.As(err, &syntax) {
		return fmt.Errorf("not YAML: %s", strings.ReplaceAll(syntax.GetMessage(), "\n", " "))
	}
	if located := (*lineError)(nil); errors.As(err, &located) {
		return located.err
	}
	return err
}

func errorLine(err error) int {
	if syntax := yaml.Error(nil); errors.As(err, &syntax) && syntax.GetToken() != nil {
		return syntax.GetToken().Position.Line
	}
	if located := (*lineError)(nil); errors.As(err, &located) {
		return located.line
	}
	return 0
}

// fromNode is the machine that a mapping describes: the one that it inherits from, changed. Its name is empty unless it gives one.
func fromNode(body ast.Node, chain []string) (Machine, error) {
	base := "default"
	pairs, err := mapping(body, "a profile")
	if err != nil {
		return Machine{}, err
	}
	for _, pair := range pairs {
		if pair.name != inheritsKey {
			continue
		}
		if base, err = scalar(pair.value); err != nil {
			return Machine{}, err
		}
	}
	m, err := parent(base, chain)
	if err != nil {
		var inner *ProfileError
		for _, pair := range pairs {
			if pair.name == inheritsKey && !errors.As(err, &inner) {
				err = at(pair.value, err)
			}
		}
		return Machine{}, err
	}
	m.Name, m.Description = "", ""
	// In the table's order, since files say more than hugePage does; what is no key comes first.
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(tableOrder(a.name), tableOrder(b.name)) })
	return m, applyPairs(&m, pairs, "", map[string]bool{})
}

// tableOrder is the place in the table of a key, or of the first of a group.
func tableOrder(name string) int {
	return slices.IndexFunc(keys, func(k key) bool { return k.name == name || strings.HasPrefix(k.name, name+".") })
}

type pair struct {
	name  string
	key   ast.Node
	value ast.Node
}

// mapping is the pairs of a mapping node; none for an empty one.
func mapping(node ast.Node, what string) ([]pair, error) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{node}
	default:
		return nil, atf(node, "%s is a mapping of keys to values", what)
	}
	pairs := make([]pair, 0, len(values))
	for _, v := range values {
		name, err := scalar(v.Key)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{name, v.Key, v.Value})
	}
	return pairs, nil
}

// applyPairs gives the machine the values of a mapping whose keys start with the prefix.
func applyPairs(m *Machine, pairs []pair, prefix string, seen map[string]bool) error {
	for _, p := range pairs {
		full := prefix + p.name
		if seen[full] {
			return atf(p.key, "%s is there twice", clip(full))
		}
		seen[full] = true
		var err error
		switch {
		case full == inheritsKey:
		case isGroup(full):
			err = applyGroup(m, full+".", p.value, seen)
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
		return at(node, checkEnv(m))
	}
	group := strings.TrimSuffix(prefix, ".")
	if _, err := scalar(node); err == nil {
		return atf(node, "%q is a group of keys; did you mean %q?", group, nearest(group, keyNames()))
	}
	pairs, err := mapping(node, group)
	if err != nil {
		return err
	}
	return applyPairs(m, pairs, prefix, seen)
}

func applyKey(m *Machine, name string, p pair) error {
	k, rest, add, err := findKeyToSet(name)
	if err != nil {
		candidates := append(keyNames(), inheritsKey)
		return at(p.key, &UnknownKeyError{Key: name, Nearest: nearest(name, candidates)})
	}
	var before []string // what the list adds to
	if add {
		before = slices.Clip(*k.seq(m))
	}
	_, isNull := p.value.(*ast.NullNode)
	switch _, isList := p.value.(*ast.SequenceNode); {
	case isNull && k.entry != nil:
		k.entry(m, rest, nil)
		return nil
	case isNull && k.seq != nil:
		*k.seq(m) = []string{}
		return nil
	case isNull:
		return atf(p.key, "%s has no value", k.full(rest))
	case isList && k.seq != nil:
		items, err := sequence(p.value)
		if err != nil {
			return err
		}
		*k.seq(m) = append(before, items...)
		m.settle()
		return at(p.value, k.validate(m, rest))
	}
	value, err := scalar(p.value)
	if err != nil {
		return err
	}
	return at(p.value, k.apply(m, rest, value, before))
}

func sequence(node ast.Node) ([]string, error) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return nil, atf(node, "want a list")
	}
	items := make([]string, 0, len(list.Values))
	for _, value := range list.Values {
		item, err := scalar(value)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// scalar is the text of a scalar as it was written: 0x10 is "0x10", 1.10 is "1.10".
func scalar(node ast.Node) (string, error) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, nil
	case *ast.LiteralNode:
		return node.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, nil
	case *ast.MappingKeyNode:
		return scalar(node.Value)
	case *ast.TagNode:
		return tagged(node)
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "", atf(node, "profiles have no anchors and aliases; inherits does their work")
	case nil:
		return "", errors.New("a value is missing")
	}
	return "", atf(node, "want a single value")
}

// tagged reads !!str and !!binary, which is how bytes that are no UTF-8 are written.
func tagged(node *ast.TagNode) (string, error) {
	text, err := scalar(node.Value)
	if err != nil {
		return "", err
	}
	switch node.Start.Value {
	case "!!str":
		return text, nil
	case "!!binary":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return "", atf(node, "!!binary is not base64")
		}
		return string(raw), nil
	}
	return "", atf(node, "profiles know the tags !!str and !!binary")
}

// UnmarshalYAML lets other YAML files hold a machine: the name of a profile, or a profile's mapping, inherits and all.
func (m *Machine) UnmarshalYAML(node ast.Node) error {
	var loaded Machine
	name, err := scalar(node)
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
