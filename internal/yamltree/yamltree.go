// SPDX-License-Identifier: GPL-2.0-or-later

// Package yamltree reads YAML that anybody may have written, as a syntax tree: what there may be is decided by the reader of the tree, a
// scalar is its text as it was written, each complaint knows its line, and what could run the parser out of memory is refused.
package yamltree

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// MaxBytes is how long a text may be.
const MaxBytes = 1 << 20

// Error is an error with its line, on the way to one that knows the file.
type Error struct {
	Line int // from 1; 0 when the text as a whole is meant
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// At gives an error the line of a node, unless it has one; nil stays nil.
func At(node ast.Node, err error) error {
	if err == nil || node == nil || errors.As(err, new(*Error)) {
		return err
	}
	if token := node.GetToken(); token != nil && token.Position != nil {
		return &Error{token.Position.Line, err}
	}
	return err
}

// Errorf is an error at a node.
func Errorf(node ast.Node, format string, args ...any) error {
	return At(node, fmt.Errorf(format, args...))
}

// Parse is the body of a YAML text of one document; nil when it is empty. what is what the text is called in errors: "a profile".
func Parse(data []byte, what string) (body ast.Node, err error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s has at most %d bytes", what, MaxBytes)
	}
	defer func() { // the parser is outside code, and the text is anybody's
		if r := recover(); r != nil {
			body, err = nil, fmt.Errorf("not YAML: the parser gave up on it (%v)", r)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if err := bounded(tokens, what); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, sentence(err)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, isComment := doc.Body.(*ast.CommentGroupNode); isComment {
			continue
		}
		if body != nil {
			return nil, Errorf(doc.Body, "%s is one YAML document", what)
		}
		body = doc.Body
	}
	return body, nil
}

// sentence is a parser's error in one line.
func sentence(err error) error {
	if syntax := yaml.Error(nil); errors.As(err, &syntax) {
		e := &Error{Err: fmt.Errorf("not YAML: %s", strings.ReplaceAll(syntax.GetMessage(), "\n", " "))}
		if syntax.GetToken() != nil {
			e.Line = syntax.GetToken().Position.Line
		}
		return e
	}
	return err
}

// Pair is a key of a mapping with its value.
type Pair struct {
	Name  string
	Key   ast.Node
	Value ast.Node
}

// Mapping is the pairs of a mapping node, in their order; none for an empty one. A key that is there twice is an error.
func Mapping(node ast.Node, what string) ([]Pair, error) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{node}
	default:
		return nil, Errorf(node, "%s is a mapping of keys to values", what)
	}
	seen := map[string]bool{}
	pairs := make([]Pair, 0, len(values))
	for _, v := range values {
		name, err := Scalar(v.Key)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, Errorf(v.Key, "%s is there twice", Clip(name))
		}
		seen[name] = true
		pairs = append(pairs, Pair{name, v.Key, v.Value})
	}
	return pairs, nil
}

// Sequence is the items of a list node.
func Sequence(node ast.Node, what string) ([]ast.Node, error) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return nil, Errorf(node, "%s is a list", what)
	}
	return list.Values, nil
}

// Scalar is the text of a scalar as it was written: 0x10 is "0x10", 1.10 is "1.10".
func Scalar(node ast.Node) (string, error) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, nil
	case *ast.LiteralNode:
		return node.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, nil
	case *ast.MappingKeyNode:
		return Scalar(node.Value)
	case *ast.TagNode:
		return tagged(node)
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "", Errorf(node, "there are no anchors and aliases here")
	case nil:
		return "", errors.New("a value is missing")
	}
	return "", Errorf(node, "want a single value")
}

// tagged reads !!str and !!binary, which is how bytes that are no UTF-8 are written.
func tagged(node *ast.TagNode) (string, error) {
	text, err := Scalar(node.Value)
	if err != nil {
		return "", err
	}
	switch node.Start.Value {
	case "!!str":
		return text, nil
	case "!!binary":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return "", Errorf(node, "!!binary is not base64")
		}
		return string(raw), nil
	}
	return "", Errorf(node, "the only tags here are !!str and !!binary")
}

// Clip keeps a text that is quoted in an error to one readable line.
func Clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
