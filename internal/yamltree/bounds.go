// SPDX-License-Identifier: GPL-2.0-or-later

package yamltree

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// What a text may have, beside its bytes. The parser (goccy/go-yaml 1.19) takes time by the square of a mapping's keys, and its stack
// grows with each level: a goroutine that runs out of stack ends the program, and no recover catches that.
const (
	MaxKeys  = 4096    // of all mappings together
	MaxDepth = 1000    // lists in lists, and so on
	maxWords = 1 << 17 // tokens: 16 for each key of the largest text
)

// opening and closing are the tokens of flow style; nesting those of which each on a line goes one level down, and tags and anchors
// wherever the next one stands.
var (
	opening = map[token.Type]bool{token.SequenceStartType: true, token.MappingStartType: true}
	closing = map[token.Type]bool{token.SequenceEndType: true, token.MappingEndType: true}
	nesting = map[token.Type]bool{
		token.SequenceEntryType: true, token.MappingKeyType: true, token.MappingValueType: true,
		token.TagType: true, token.AnchorType: true, token.AliasType: true,
	}
	prefixing = map[token.Type]bool{token.TagType: true, token.AnchorType: true}
)

// bounded refuses what would keep the parser busy, or run it out of stack.
func bounded(tokens token.Tokens, what string) error {
	if len(tokens) > maxWords {
		return fmt.Errorf("%s has at most %d words and signs", what, maxWords)
	}
	flow, run, line, keys := 0, 0, 0, 0
	for _, t := range tokens {
		switch {
		case opening[t.Type]:
			flow++
		case closing[t.Type]:
			flow = max(flow-1, 0)
		}
		switch {
		case !nesting[t.Type]:
			run = 0
		case t.Position.Line != line && !prefixing[t.Type]:
			run = 1
		default:
			run++
		}
		line = t.Position.Line
		if t.Type == token.MappingValueType {
			keys++
		}
		if flow > MaxDepth || run > MaxDepth {
			return &Error{line, fmt.Errorf("it is nested too deeply for %s", what)}
		}
		if keys > MaxKeys {
			return &Error{line, fmt.Errorf("%s has at most %d keys", what, MaxKeys)}
		}
	}
	return nil
}
