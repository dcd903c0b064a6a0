// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := newProgress(&b, "/tmp/hello")
	now := p.start
	p.now = func() time.Time { return now }
	for second := range 12 {
		now = p.start.Add(time.Duration(second) * time.Second)
		p.at(uint64(second) * 1_000_000)
	}
	p.done()
	require.Equal(t, "hello: 5,000,000 instructions after 5s\nhello: 10,000,000 instructions after 10s\n", b.String())
}

func TestBootsProgressLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := newBootsProgress(&b, "matrix", 9)
	now := p.next.Add(-lineEvery)
	p.now = func() time.Time { return now }
	end := p.build("hello for arm64 with go1.26.8")
	p.build("hello for mips with go1.26.8")
	for range 12 {
		p.beat()
		now = now.Add(time.Second)
	}
	end()
	now = now.Add(4 * time.Second)
	p.at("go1.26.8/arm64/default", 1)
	p.line("matrix: this stays")
	p.at("go1.26.8/arm64/graviton", 2) // too soon after the last
	now = now.Add(lineEvery)
	p.beat()
	p.done()
	p.beat()
	require.Equal(t, `matrix: 0 of 9 boots done, building hello for arm64 with go1.26.8
matrix: 0 of 9 boots done, building hello for arm64 with go1.26.8
matrix: 1 of 9 boots done, the last: go1.26.8/arm64/default
matrix: this stays
matrix: 2 of 9 boots done, building hello for mips with go1.26.8
`, b.String())
}
