// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzLoad: no text makes the reader of profiles panic, and what it accepts is valid and survives being written and read again.
func FuzzLoad(f *testing.F) {
	for _, name := range names() {
		data, err := readEmbedded(name)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, text := range []string{
		"", "cpus: 0x7\n", "env: [A=1, B]\nfiles:\n  /f: |\n    x\n", "args: !!binary /w==\n",
		"? a\n: b\n", "a: &b [*b]\n", "<<: {cpus: 1}\n",
	} {
		f.Add([]byte(text))
	}
	for _, pair := range moreKeys { // what the profiles do not have
		m, err := New().Set(pair[0], pair[1])
		require.NoError(f, err)
		text, err := m.MarshalYAML()
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// Files of the host stay out of it.
		if strings.Contains(string(data), "/") && strings.Contains(string(data), inheritsKey) {
			t.Skip("may name a file")
		}
		m, err := parseProfile("fuzz", data, []string{"fuzz"})
		if err != nil {
			var located *ProfileError
			require.ErrorAs(t, err, &located)
			return
		}
		require.NoError(t, m.Validate())
		text, err := m.MarshalYAML()
		require.NoError(t, err)
		back, err := parseProfile("fuzz", text, nil)
		require.NoError(t, err, "%s", text)
		require.Equal(t, m, back, "%s", text)
	})
}

// FuzzSet: Set gives a typed error, or a machine that is valid but for what concerns several keys, and that survives YAML.
func FuzzSet(f *testing.F) {
	for _, k := range Keys() {
		f.Add(k.Key, k.Default)
	}
	for _, pair := range append(moreKeys, [][2]string{
		{"cpus", "0-3,8"}, {"hugePage", "1.5G"}, {"clock.realtime", "@7"}, {"files./a.b", "x\n"}, {"env.A", "="}, {"args", "'a b' c"},
	}...) {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		m, err := New().Set(key, value)
		if err != nil {
			var unknown *UnknownKeyError
			var bad *ValueError
			require.True(t, errors.As(err, &unknown) || errors.As(err, &bad), "%T: %v", err, err)
			return
		}
		if err := m.Validate(); err != nil {
			var bad *ValueError
			require.ErrorAs(t, err, &bad)
			return
		}
		text, err := m.MarshalYAML()
		require.NoError(t, err)
		back, err := parseProfile("fuzz", text, nil)
		require.NoError(t, err, "%s", text)
		require.Equal(t, m, back, "%s", text)
	})
}
