// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes. Its text is "4096", "4KiB", "2MiB" or "1GiB", with "none" for 0; also read are "64k", "2M", "1GB"
// (every unit is a power of 1024, as the kernel's memparse has it), "1.5GiB" where it comes to whole bytes, and "0x1000".
// In JSON it is the number.
type Size uint64

// maxSize keeps sizes clear of the sign bit, which the runtime and the kernel's rlimits would trip over.
const maxSize = math.MaxInt64

// units are in ascending order, 1024 apart.
var units = []string{"", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// ParseSize reads a size's text.
func ParseSize(text string) (Size, error) {
	const want = "want bytes (4096), a size (64KiB, 2MiB, 1GiB) or none"
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "none") {
		return 0, nil
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 63)
		if err != nil {
			return 0, errors.New(want)
		}
		return Size(n), nil
	}
	end := strings.LastIndexAny(text, "0123456789") + 1
	number, unit := text[:end], strings.TrimSpace(text[end:])
	scale, ok := unitScale(unit)
	whole, fraction, _ := strings.Cut(number, ".")
	// The length bound comes before the arithmetic: what is longer is no size.
	if !ok || len(number) > 40 || !isDigits(whole) || (fraction != "" && !isDigits(fraction)) || strings.HasSuffix(number, ".") {
		return 0, errors.New(want)
	}
	bytes, _ := new(big.Rat).SetString(number)
	bytes.Mul(bytes, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), scale)))
	if !bytes.IsInt() {
		return 0, errors.New("it is no whole number of bytes")
	}
	if !bytes.Num().IsInt64() {
		return 0, errors.New("sizes end below 8EiB")
	}
	return Size(bytes.Num().Int64()), nil
}

// unitScale is the power of two that a unit stands for: "", "k", "K", "Ki", "KiB", "kB", "b".
func unitScale(unit string) (uint, bool) {
	unit = strings.ToLower(unit)
	if unit == "" || unit == "b" {
		return 0, true
	}
	for i, name := range units[1:] {
		letter := strings.ToLower(name[:1])
		if rest, ok := strings.CutPrefix(unit, letter); ok && (rest == "" || rest == "b" || rest == "i" || rest == "ib") {
			return uint(i+1) * 10, true
		}
	}
	return 0, false
}

// String is the size in the largest unit that it is a whole number of: "2MiB", "1536KiB", "3000000"; 0 is "none".
func (s Size) String() string {
	if s == 0 || s == None {
		return "none"
	}
	unit := 0
	for s%1024 == 0 && unit < len(units)-1 {
		s /= 1024
		unit++
	}
	return strconv.FormatUint(uint64(s), 10) + units[unit]
}

// MarshalText implements [encoding.TextMarshaler]; it is also the YAML form.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]; YAML integers arrive here as well.
func (s *Size) UnmarshalText(text []byte) error {
	size, err := ParseSize(string(text))
	if err != nil {
		return fmt.Errorf("%q is no size: %w", text, err)
	}
	*s = size
	return nil
}

// MarshalJSON implements [json.Marshaler]: the number of bytes.
func (s Size) MarshalJSON() ([]byte, error) {
	if s == None {
		s = 0
	}
	return strconv.AppendUint(nil, uint64(s), 10), nil
}

// UnmarshalJSON implements [json.Unmarshaler]: a number of bytes, or a string with a size's text.
func (s *Size) UnmarshalJSON(data []byte) error { return unmarshalScalar(data, s) }

// Seed is 16 bytes of chance, fixed. Its text is 32 hexadecimal digits.
type Seed [16]byte

// NewSeed makes a seed of any text. 32 hexadecimal digits are taken as they are; anything else ("7", "run-12") stands for the
// first 16 bytes of its SHA-256, so that a short seed gives well-mixed bytes, and the same ones everywhere.
func NewSeed(text string) Seed {
	var s Seed
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == len(s) {
		return Seed(raw)
	}
	sum := sha256.Sum256([]byte(text))
	return Seed(sum[:len(s)])
}

// String is the seed in hexadecimal.
func (s Seed) String() string { return hex.EncodeToString(s[:]) }

// MarshalText implements [encoding.TextMarshaler]; it is also the JSON and the YAML form.
func (s Seed) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] by [NewSeed].
func (s *Seed) UnmarshalText(text []byte) error {
	*s = NewSeed(string(text))
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler]: a string, or a number as a seed's text.
func (s *Seed) UnmarshalJSON(data []byte) error { return unmarshalScalar(data, s) }

// Duration is a time span whose text is Go's ("1h30m", "250ms", "0"). In JSON it is that string; a JSON number is nanoseconds.
type Duration time.Duration

// String is Go's text without the zero units at its end: "1h", not "1h0m0s".
func (d Duration) String() string {
	text := time.Duration(d).String()
	if d == 0 {
		return "0"
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText implements [encoding.TextMarshaler]; it is also the JSON and the YAML form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%q is no duration: want a number with its unit, such as 90m, 1h30m or 250ms", text)
	}
	*d = Duration(parsed)
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Duration) UnmarshalJSON(data []byte) error {
	var ns int64
	if json.Unmarshal(data, &ns) == nil {
		*d = Duration(ns)
		return nil
	}
	return unmarshalScalar(data, d)
}

// unmarshalScalar gives the text of a JSON string or number to the type's text form.
func unmarshalScalar(data []byte, to encoding.TextUnmarshaler) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		var number json.Number
		if err := json.Unmarshal(data, &number); err != nil {
			return fmt.Errorf("%s is neither a string nor a number", data)
		}
		text = number.String()
	}
	return to.UnmarshalText([]byte(text))
}

// parseRealtime reads where CLOCK_REALTIME starts: RFC 3339, a date, or seconds since 1970 with or without the @ of date(1).
func parseRealtime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if seconds := strings.TrimPrefix(text, "@"); isDigits(seconds) {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil || n > maxRealtime {
			return time.Time{}, errRealtime
		}
		return time.Unix(n, 0).UTC(), nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if t.Unix() < 0 || t.Unix() > maxRealtime {
			return time.Time{}, errRealtime
		}
		return t.UTC(), nil
	}
	return time.Time{}, errRealtime
}

// maxRealtime is the last second that fits the kernel's ktime_t, nanoseconds in 64 signed bits: the year 2262.
const maxRealtime = math.MaxInt64 / int64(time.Second)

var errRealtime = errors.New("want a time between 1970 and 2262, as 2038-01-19T03:14:07Z, 2038-01-19, or seconds since 1970")
