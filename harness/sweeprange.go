// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/rt0-dev/rt0/machine"
)

// quantity is a kind of number that ranges are made of: how it is read, and how it is written.
type quantity struct {
	name  string
	read  func(text string) (*big.Int, bool)
	write func(n *big.Int) string
	unit  bool // it has a unit, so that a step of 1 is hardly meant
}

// quantities are in the order in which they are tried; both ends of a range, and its step, are read as the same one. A number without a unit is a size
// beside one with a unit.
var quantities = []quantity{
	{name: "number", read: readInt, write: (*big.Int).String},
	{name: "hexadecimal number", read: readHex, write: func(n *big.Int) string { return fmt.Sprintf("%#x", n) }, unit: true},
	{name: "size", read: readSize, write: writeSize, unit: true},
	{name: "duration", read: readDuration, write: func(n *big.Int) string { return machine.Duration(n.Int64()).String() }, unit: true},
}

// maxDigits bounds the length of a number: what is longer is no number that a machine has.
const maxDigits = 40

func readInt(text string) (*big.Int, bool) {
	sign := strings.TrimPrefix(text, "-")
	if text == "" || len(text) > maxDigits || strings.Trim(sign, "0123456789_") != "" || strings.Trim(sign, "_") != sign || sign == "" {
		return nil, false
	}
	return new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 10)
}

func readHex(text string) (*big.Int, bool) {
	hex, ok := strings.CutPrefix(strings.ToLower(text), "0x")
	if !ok || hex == "" || len(hex) > maxDigits || strings.Trim(hex, "0123456789abcdef") != "" {
		return nil, false
	}
	return new(big.Int).SetString(hex, 16)
}

func readSize(text string) (*big.Int, bool) {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return nil, false // none is no end of a range
	}
	size, err := machine.ParseSize(text)
	return new(big.Int).SetUint64(uint64(size)), err == nil
}

// writeSize is "0" for nothing, which for some keys is another thing than none.
func writeSize(n *big.Int) string {
	if n.Sign() == 0 {
		return "0"
	}
	return machine.Size(n.Uint64()).String()
}

func readDuration(text string) (*big.Int, bool) {
	d, err := time.ParseDuration(text)
	return big.NewInt(int64(d)), err == nil
}

// rangeValues are the values that a range stands for; nil when the text is none: when it has no two dots, or does not begin with a number.
func rangeValues(text string) ([]string, error) {
	first, rest, ok := strings.Cut(text, "..")
	first = strings.TrimSpace(first)
	if !ok || !isQuantity(first) {
		return nil, nil
	}
	last, op, by := rest, byte(0), ""
	if i := strings.IndexAny(rest, "+*"); i >= 0 {
		last, op, by = rest[:i], rest[i], strings.TrimSpace(rest[i+1:])
	}
	last = strings.TrimSpace(last)
	for _, q := range quantities {
		a, ok1 := q.read(first)
		b, ok2 := q.read(last)
		if !ok1 || !ok2 {
			continue
		}
		r := stretch{q, a, b}
		switch op {
		case '+':
			return r.steps(by)
		case '*':
			return r.powers(by)
		}
		if q.unit {
			up, one := r.words()
			return nil, fmt.Errorf("a range of %ss needs a step or a factor: write %s*2 for powers, or %s+%s for steps", q.name, up, up, one)
		}
		return r.steps("1")
	}
	return nil, fmt.Errorf("%q and %q are no ends of a range: want two numbers (1..256), or two sizes (4KiB..64KiB*2)", short(first), short(last))
}

func isQuantity(text string) bool {
	for _, q := range quantities {
		if _, ok := q.read(text); ok {
			return true
		}
	}
	return false
}

// stretch is a range: its ends, both included.
type stretch struct {
	quantity
	from, to *big.Int
}

// words are how the range is written, and its smaller end, a step that suits it.
func (r stretch) words() (text, step string) {
	small := r.from
	if r.to.CmpAbs(small) < 0 && r.to.Sign() != 0 || small.Sign() == 0 {
		small = r.to
	}
	return r.write(r.from) + ".." + r.write(r.to), r.write(new(big.Int).Abs(small))
}

var errTooMany = errors.New(tooMany("", "").Why)

// steps are the values from the first to the last by a step, downward when the last is the smaller one.
func (r stretch) steps(text string) ([]string, error) {
	step, ok := r.read(text)
	if !ok || step.Sign() <= 0 {
		return nil, fmt.Errorf("%q is no step: want a %s above 0, on the way down as well (10..1+3)", short(text), r.name)
	}
	n := new(big.Int).Sub(r.to, r.from)
	if n.Sign() < 0 {
		step = new(big.Int).Neg(step)
	}
	n.Quo(n, step)
	if !n.IsInt64() || n.Int64() >= MaxAxis {
		return nil, errTooMany
	}
	values := make([]string, 0, n.Int64()+1)
	for x := new(big.Int).Set(r.from); len(values) < cap(values); x.Add(x, step) {
		values = append(values, r.write(x))
	}
	return values, nil
}

// powers are the first, so many times the first, and so on, as long as the last is not passed. On the way down they are parts of the first.
func (r stretch) powers(text string) ([]string, error) {
	factor, ok := readInt(text)
	if !ok || factor.Cmp(big.NewInt(2)) < 0 {
		return nil, fmt.Errorf("%q is no factor: want a number from 2 on (1..4096*2)", short(text))
	}
	if r.from.Sign() <= 0 || r.to.Sign() <= 0 {
		return nil, fmt.Errorf("powers begin and end above 0: write 0,1..%s*%s to have 0 as well", r.write(new(big.Int).Abs(r.to)), factor)
	}
	var values []string
	x, rest := new(big.Int).Set(r.from), new(big.Int)
	for up := r.from.Cmp(r.to) <= 0; ; {
		values = append(values, r.write(x))
		if up {
			x.Mul(x, factor)
		} else if x.QuoRem(x, factor, rest); rest.Sign() != 0 && x.Cmp(r.to) >= 0 {
			return nil, fmt.Errorf("%s is no power of %s times another number of the range: write the range upward (%s..%s*%s)",
				values[len(values)-1], factor, r.write(r.to), r.write(r.from), factor)
		}
		if up && x.Cmp(r.to) > 0 || !up && x.Cmp(r.to) < 0 {
			return values, nil
		}
	}
}
