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
