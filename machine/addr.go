// SPDX-License-Identifier: GPL-2.0-or-later

package machine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Addr is an address, or another word of bits. Its text is hexadecimal with 0x in front, in JSON too, where numbers end at 2^53; 0 is
// "auto".
type Addr uint64

// ParseAddr reads an address: hexadecimal with 0x, decimal without, or auto.
func ParseAddr(text string) (Addr, error) {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, auto) {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		return 0, errors.New("want an address such as 0x7fffffffe000, or auto")
	}
	return Addr(n), nil
}

// String is the address in hexadecimal, or auto.
func (a Addr) String() string {
	if a == 0 {
		return auto
	}
	return fmt.Sprintf("%#x", uint64(a))
}

// MarshalText implements [encoding.TextMarshaler]; it is also the JSON and the YAML form.
func (a Addr) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *Addr) UnmarshalText(text []byte) error {
	parsed, err := ParseAddr(string(text))
	if err != nil {
		return fmt.Errorf("%q is no address: %w", text, err)
	}
	*a = parsed
	return nil
}

// UnmarshalJSON implements [json.Unmarshaler]: a string, or a number.
func (a *Addr) UnmarshalJSON(data []byte) error { return unmarshalScalar(data, a) }
