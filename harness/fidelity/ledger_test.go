// SPDX-License-Identifier: GPL-2.0-or-later

package fidelity

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func ledger(t *testing.T, text string) (*Ledger, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ledger.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return ReadLedger(file)
}

func TestLedger(t *testing.T) {
	t.Parallel()
	l, err := ledger(t, `
entries:
  - {views: [registers], arches: ["386"], since: 14, until: 20, call: brk, field: result, real: "1|2", rt0: "3", reason: because}
  - {views: [registers, qemu], fixtures: [hello], call: time, field: call, rt0: time.*, host: its clock, reason: because}
`)
	require.NoError(t, err)
	scope := Scope{Registers, "hello", "386", 16}
	brk := Difference{Call: "brk", Field: "result", Real: "1", RT0: "3"}
	clock := Difference{Call: "time", Field: "call", RT0: "time() = 0"}

	verdict := l.Judge(scope, []Difference{brk, clock})
	require.Equal(t, Judgement{}, verdict)

	verdict = l.Judge(scope, nil)
	require.Empty(t, verdict.Unexplained)
	require.Equal(t, l.Entries[:1], verdict.Stale, "the other depends on the host")

	for _, other := range []Scope{
		{Contents, "hello", "386", 16}, {Registers, "hello", "amd64", 16}, {Registers, "hello", "386", 13}, {Registers, "hello", "386", 21},
	} {
		verdict = l.Judge(other, []Difference{brk})
		require.Equal(t, Judgement{Unexplained: []Difference{brk}}, verdict, "%s", other)
	}
	brk.Real = "12"
	require.Len(t, l.Judge(scope, []Difference{brk}).Unexplained, 1, "expressions match the whole")

	require.Equal(t, l.Entries[:1], l.Idle([]Scope{{QEMU, "hello", "arm64", 26}}))
	require.Empty(t, l.Idle([]Scope{scope}))
}

func TestReadLedgerRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no reason":     `entries: [{views: [auxv], call: a, field: call}]`,
		"unknown key":   `entries: [{views: [auxv], call: a, field: call, reason: r, resaon: s}]`,
		"unknown view":  `entries: [{views: [disassembly], call: a, field: call, reason: r}]`,
		"no expression": `entries: [{views: [auxv], call: a, field: call, reason: r, real: "("}]`,
	} {
		_, err := ledger(t, text)
		require.Error(t, err, name)
	}
}

func TestLedgerOfThisPackage(t *testing.T) {
	t.Parallel()
	_, err := ReadLedger(ledgerFile)
	require.NoError(t, err)
}
