// SPDX-License-Identifier: GPL-2.0-or-later

package render

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pagePack holds what boots share. Texts are kept once and told by their number; so are columns, which are lists of numbers: of a table's
// cells, or of the numbers of their texts. Boots of one program on two machines do nearly the same, so that most of their columns are one.
type pagePack struct {
	Texts   []string  `json:"texts"`   // the first is ""
	Columns [][]int64 `json:"columns"` // the first has no rows
	Calls   [][]int   `json:"calls"`   // system calls by their texts: name, result, arguments
	Runs    [][]int   `json:"runs"`    // system calls of a thread in a phase: thread, phase's text, column of calls, column of instructions

	texts   map[string]int
	columns map[string]int
	calls   map[string]int
	runs    map[string]int
}

func newPagePack() *pagePack {
	p := &pagePack{
		Calls: [][]int{}, Runs: [][]int{},
		texts: map[string]int{}, columns: map[string]int{}, calls: map[string]int{}, runs: map[string]int{},
	}
	p.text("")
	p.column(nil)
	return p
}

// pageTextBytes is the most that the page keeps of a text: a guest may write a MiB to each stream, and there are hundreds of boots.
const pageTextBytes = 16 << 10

// text is the number of a text. Of a very long one, the middle is left out.
func (p *pagePack) text(s string) int {
	s = clipMiddle(s, pageTextBytes)
	n, ok := p.texts[s]
	if !ok {
		n = len(p.Texts)
		p.texts[s] = n
		p.Texts = append(p.Texts, s)
	}
	return n
}

// clipMiddle leaves out the middle of a text of more than so many bytes, and says how much that is: the cause of a death stands first, its
// end last.
func clipMiddle(s string, most int) string {
	if len(s) <= most {
		return s
	}
	head, tail := most*3/4, len(s)-most/4
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return fmt.Sprintf("%s\n[... %s bytes are left out ...]\n%s", s[:head], Number(uint64(tail-head)), s[tail:])
}

// column is the number of a list of numbers.
func (p *pagePack) column(list []int64) int {
	var b strings.Builder
	for _, v := range list {
		b.WriteString(strconv.FormatInt(v, 36))
		b.WriteByte(',')
	}
	n, ok := p.columns[b.String()]
	if !ok {
		n = len(p.Columns)
		p.columns[b.String()] = n
		p.Columns = append(p.Columns, append([]int64{}, list...))
	}
	return n
}

// words is the number of the column of a list of texts.
func (p *pagePack) words(list []string) int {
	numbers := make([]int64, len(list))
	for i, s := range list {
		numbers[i] = int64(p.text(s))
	}
	return p.column(numbers)
}

// shared is the number of a short list that many have; those of a kind are kept in one slice, with their index.
func shared(all *[][]int, index map[string]int, list []int) int {
	key := fmt.Sprint(list)
	n, ok := index[key]
	if !ok {
		n = len(*all)
		index[key] = n
		*all = append(*all, list)
	}
	return n
}

// pageTable collects rows of texts and numbers as columns.
type pageTable struct {
	pack    *pagePack
	columns [][]int64
}

// row adds a row: strings, and numbers of any kind.
func (t *pageTable) row(values ...any) {
	if t.columns == nil {
		t.columns = make([][]int64, len(values))
	}
	for i, v := range values {
		t.columns[i] = append(t.columns[i], t.number(v))
	}
}

func (t *pageTable) number(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(t.pack.text(v))
	case int:
		return int64(v)
	case uint64:
		return int64(v) //nolint:gosec // counts of what a boot did
	}
	panic(fmt.Sprintf("a page's table has no cells of %T", v))
}

// numbers are the columns' numbers; nil for a table without rows.
func (t *pageTable) numbers() []int {
	list := make([]int, len(t.columns))
	for i, c := range t.columns {
		list[i] = t.pack.column(c)
	}
	return list
}
