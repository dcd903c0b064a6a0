// SPDX-License-Identifier: GPL-2.0-or-later

package harness

// RecordAfter has a sweep record for the first time so soon, in boots' worth of instructions.
func RecordAfter(boots float64) Option { return func(o *options) { o.recordAfter = boots } }

// Forgetful has a sweep recall nothing.
func Forgetful() Option { return func(o *options) { o.forgetful = true } }
