// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

func TestParseCPUSet(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text, want string // want: as a list
		count      int
		short      string
	}{
		{"1", "0", 1, "1"},
		{"7", "0-6", 7, "7"},
		{" 7 ", "0-6", 7, "7"},
		{"65536", "0-65535", 65536, "65536"},
		{"1048576", "0-1048575", 1 << 20, "1048576"},
		{"0-6", "0-6", 7, "7"},
		{"0-0", "0", 1, "1"},
		{"7-7", "7", 1, "7-7"},
		{"0-3,8,10-11", "0-3,8,10-11", 7, "0-3,8,10-11"},
		{"10-11, 8, 0-3", "0-3,8,10-11", 7, "0-3,8,10-11"},
		{"0-3,2-5,6", "0-6", 7, "7"},
		{"1,3", "1,3", 2, "1,3"},
		{"1048575-1048575", "1048575", 1, "1048575-1048575"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			t.Parallel()
			s, err := ParseCPUSet(tc.text)
			require.NoError(t, err)
			require.Equal(t, tc.want, s.List())
			require.Equal(t, tc.count, s.Count())
			require.Equal(t, tc.short, s.String())
		})
	}
	for _, text := range []string{"", "0", "-1", "x", "3-1", "1,,2", "1,", "0-1048576", "1048577", "99999999999999999999", "0-3:1/2", "１"} {
		t.Run("not "+text, func(t *testing.T) {
			t.Parallel()
			_, err := ParseCPUSet(text)
			require.Error(t, err)
		})
	}
}

// TestCPUSetModel compares random sets with a map of booleans.
func TestCPUSetModel(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s, model := randomCPUSet(r)
		require.Equal(t, len(model), s.Count())
		highest := -1
		words := make([]uint64, 0)
		for cpu := range 300 {
			require.Equal(t, model[cpu], s.Contains(cpu), "CPU %d of %s", cpu, s)
			if model[cpu] {
				highest = cpu
				for len(words) <= cpu/64 {
					words = append(words, 0)
				}
				words[cpu/64] |= 1 << (cpu % 64)
			}
		}
		require.Equal(t, highest, s.Highest())
		require.Equal(t, words, s.Words())

		little, big := s.Mask(40), s.MaskFor(40, 8, binary.BigEndian)
		big32 := s.MaskFor(40, 4, binary.BigEndian)
		require.Equal(t, little, s.MaskFor(40, 8, binary.LittleEndian))
		for i := range 5 {
			want := uint64(0)
			if i < len(words) {
				want = words[i]
			}
			require.Equal(t, want, binary.LittleEndian.Uint64(little[8*i:]))
			require.Equal(t, want, binary.BigEndian.Uint64(big[8*i:]))
			require.Equal(t, uint32(want), binary.BigEndian.Uint32(big32[8*i:]))
			require.Equal(t, uint32(want>>32), binary.BigEndian.Uint32(big32[8*i+4:]))
		}
		require.Equal(t, little[:8], s.Mask(8), "CPUs beyond the mask are cut off")

		roundTrip(t, s)
	}
	require.Empty(t, Count(7).Mask(0))
	require.Len(t, Count(7).MaskFor(13, 8, binary.LittleEndian), 8)
}

func randomCPUSet(r *rand.Rand) (CPUSet, map[int]bool) {
	model := map[int]bool{}
	for range 1 + r.IntN(6) {
		first := r.IntN(250)
		for cpu := first; cpu <= first+r.IntN(40); cpu++ {
			model[cpu] = true
		}
	}
	var ranges []cpuRange
	for cpu := range model {
		ranges = append(ranges, cpuRange{cpu, cpu})
	}
	return CPUSet{mergeRanges(ranges)}, model
}

// roundTrip writes a value as JSON and as YAML and expects it back.
func roundTrip[T any](t *testing.T, value T) {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	var back T
	require.NoError(t, json.Unmarshal(data, &back), "%s", data)
	require.Equal(t, value, back, "%s", data)

	text, err := yaml.Marshal(struct{ V T }{value})
	require.NoError(t, err)
	var held struct{ V T }
	require.NoError(t, yaml.Unmarshal(text, &held), "%s", text)
	require.Equal(t, value, held.V, "%s", text)
}

func TestValueForms(t *testing.T) {
	t.Parallel()
	type values struct {
		CPUs     CPUSet
		Size     Size
		Seed     Seed
		Duration Duration
	}
	want := values{Count(7), 2 << 20, NewSeed("7"), Duration(90 * time.Minute)}
	for _, text := range []string{
		`{"CPUs": 7, "Size": 2097152, "Seed": 7, "Duration": 5400000000000}`,
		`{"CPUs": "0-6", "Size": "2MiB", "Seed": "7", "Duration": "90m"}`,
		`{"CPUs": {"count": 7, "set": "0-6"}, "Size": "2M", "Seed": "7", "Duration": "1h30m"}`,
		`{"CPUs": {"count": 7}, "Size": "2048k", "Seed": "7", "Duration": "1.5h"}`,
	} {
		var got values
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		require.Equal(t, want, got, text)
	}
	var got values
	require.NoError(t, yaml.Unmarshal([]byte("cpus: 7\nsize: 2097152\nseed: 7\nduration: 90m"), &got))
	require.Equal(t, want, got)

	data, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, `{"CPUs": {"count": 7, "set": "0-6"}, "Size": 2097152,
		"Seed": "7902699be42c8a8e46fbbb4501726517", "Duration": "1h30m"}`, string(data))

	for _, text := range []string{`{"CPUs": true}`, `{"CPUs": []}`, `{"CPUs": {"set": "x"}}`, `{"Size": {}}`, `{"Size": -1}`, `{"Size": "2X"}`, `{"Duration": "2"}`} {
		require.Error(t, json.Unmarshal([]byte(text), &values{}), text)
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		want Size
		back string
	}{
		{"0", 0, "none"}, {"none", 0, "none"}, {"None", 0, "none"},
		{"4096", 4096, "4KiB"}, {"4KiB", 4096, "4KiB"}, {"64k", 64 << 10, "64KiB"}, {"64K", 64 << 10, "64KiB"}, {"2048kB", 2 << 20, "2MiB"},
		{"2M", 2 << 20, "2MiB"}, {"2Mi", 2 << 20, "2MiB"}, {"2MB", 2 << 20, "2MiB"}, {"2 MiB", 2 << 20, "2MiB"}, {"2mib", 2 << 20, "2MiB"},
		{"1G", 1 << 30, "1GiB"}, {"1GiB", 1 << 30, "1GiB"}, {"4TiB", 4 << 40, "4TiB"}, {"2P", 2 << 50, "2PiB"}, {"7EiB", 7 << 60, "7EiB"},
		{"1.5GiB", 3 << 29, "1536MiB"}, {"0.5k", 512, "512"}, {"3000000", 3000000, "3000000"}, {"12B", 12, "12"},
		{"0x200000", 2 << 20, "2MiB"}, {"010", 10, "10"}, {"9223372036854775807", maxSize, "9223372036854775807"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			t.Parallel()
			s, err := ParseSize(tc.text)
			require.NoError(t, err)
			require.Equal(t, tc.want, s)
			require.Equal(t, tc.back, s.String())
		})
	}
	for _, text := range []string{"", "x", "-1", "+1", "1e6", "2MBB", "2Q", "1.", ".5k", "1.5", "0.3k", "8EiB", "9223372036854775808", "0x", "0xg", "1 2", "1/2", "0x-1",
		"99999999999999999999999999999999999999999999999"} {
		t.Run("not "+text, func(t *testing.T) {
			t.Parallel()
			_, err := ParseSize(text)
			require.Error(t, err)
		})
	}
}

func TestValuesRoundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		roundTrip(t, Size(r.Uint64()>>(1+r.IntN(63))))
		roundTrip(t, Size(1)<<r.IntN(63))
		roundTrip(t, Duration(r.Int64()>>r.IntN(63)))
		roundTrip(t, Duration(time.Duration(r.IntN(5))*time.Hour+time.Duration(r.IntN(61))*time.Minute+time.Duration(r.IntN(61))*time.Second))
		var seed Seed
		binary.NativeEndian.PutUint64(seed[:], r.Uint64()>>r.IntN(63))
		roundTrip(t, seed)
	}
}

func TestNewSeed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff"},
		{"00112233445566778899AABBCCDDEEFF", "00112233445566778899aabbccddeeff"},
		{"7", "7902699be42c8a8e46fbbb4501726517"},
		{"", "e3b0c44298fc1c149afbf4c8996fb924"},
		{"rt0", "818afb23a0caabef65b711c16e03d47c"},
	} {
		require.Equal(t, tc.want, NewSeed(tc.text).String(), tc.text)
	}
}

func TestDurationText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0", time.Hour: "1h", 90 * time.Minute: "1h30m", time.Minute: "1m", 10 * time.Minute: "10m", time.Hour + time.Second: "1h0m1s",
		250 * time.Millisecond: "250ms", 100 * time.Second: "1m40s", -time.Hour: "-1h",
	} {
		require.Equal(t, want, Duration(d).String())
	}
}
