// SPDX-License-Identifier: GPL-2.0-or-later

// Package rt0 is the root of rt0, which boots Go binaries on machines you do not have, and tells what the runtime concluded about them.
// There is nothing to import here: package harness is the face for Go tests, cmd/rt0 the command. ARCHITECTURE.md shows the house, and
// house_test.go keeps it in order.
package rt0
