// SPDX-License-Identifier: GPL-2.0-or-later

package arch

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMIPS64Rewrite(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		insn, other uint32
		ok          bool
		text        string
	}{
		{0x00801021, 0x00041000, true, "addu v0, a0, zero: sll v0, a0, 0"},
		{0x03e0f821, 0x001ff800, true, "addu ra, ra, zero: sll ra, ra, 0"},
		{0x00000021, 0x00000000, true, "addu zero, zero, zero: nop"},
		{0x00851021, 0, false, "addu v0, a0, a1"},
		{0x0080102d, 0, false, "daddu v0, a0, zero"},
		{0x00801025, 0, false, "or v0, a0, zero"},
		{0x00801023, 0, false, "subu v0, a0, zero"},
		{0x24820000, 0, false, "addiu v0, a0, 0"},
		{0x00801061, 0, false, "no instruction: sa is not 0"},
	} {
		other, ok := mips64Rewrite.Word(tc.insn)
		require.Equal(t, tc.ok, ok, tc.text)
		require.Equal(t, tc.other, other, tc.text)
	}
}
