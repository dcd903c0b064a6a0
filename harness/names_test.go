// SPDX-License-Identifier: GPL-2.0-or-later

package harness

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInitOf(t *testing.T) {
	t.Parallel()
	tests := []struct{ symbol, pkg string }{
		{"main.init", "main"},
		{"main.init.0", "main"},
		{"main.init.12", "main"},
		{"unicode.init", "unicode"},
		{"internal/cpu.init", "internal/cpu"},
		{"runtime.init.abi0", "runtime"},
		{"example.com/a/b.init.0", "example.com/a/b"},
		{"gopkg.in/yaml%2ev3.init", "gopkg.in/yaml.v3"},
		{"main.init.0.func1", ""},
		{"main.init.func1", ""},
		{"main.T.init", ""},
		{"main.(*T).init", ""},
		{"main.map.init.0", ""},
		{"main.initialise", ""},
		{"main.init.x", ""},
		{"main.init.", ""},
		{"main..inittask", ""},
		{"main.main", ""},
		{"init", ""},
		{".init", ""},
		{"", ""},
	}
	for _, tc := range tests {
		t.Run(tc.symbol, func(t *testing.T) {
			pkg, ok := initOf(tc.symbol)
			require.Equal(t, tc.pkg, pkg)
			require.Equal(t, tc.pkg != "", ok)
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := append(Phases(), "main.run", "fmt.Println")
	tests := []struct{ word, want string }{
		{"schedint", "schedinit"},
		{"SCHEDINIT", "schedinit"},
		{"main.man", "main.main"},
		{"fmt.println", "fmt.Println"},
		{"exot", "exit"},
		{"nothing.like.it", ""},
		{"", ""},
	}
	for _, tc := range tests {
		t.Run(tc.word, func(t *testing.T) { require.Equal(t, tc.want, nearest(tc.word, names)) })
	}
}

func TestParseProcs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		minor int
		n     int
		ok    bool
	}{
		{"7", 16, 7, true},
		{"7 of 8", 7, 7, true},
		{"", 7, 0, true},
		{"-3", 4, 0, true},
		{"4294967297", 7, 4294967297, true},
		{"007", 16, 7, true},
		{"-3", 27, -3, true},
		{"0", 27, 0, true},
		{"+7", 25, 0, false},
		{"+7", 26, 7, true},
		{" 7", 27, 0, false},
		{"7 ", 11, 0, false},
		{"", 27, 0, false},
		{"abc", 27, 0, false},
		{"1_0", 27, 0, false},
		{"0x10", 27, 0, false},
		{"4294967297", 16, 0, false},
		{"99999999999999999999", 11, 0, false},
	}
	for _, tc := range tests {
		t.Run(tc.text, func(t *testing.T) {
			n, ok := parseProcs(tc.text, tc.minor, false)
			require.Equal(t, tc.ok, ok)
			if ok {
				require.Equal(t, tc.n, n)
			}
		})
	}
}
