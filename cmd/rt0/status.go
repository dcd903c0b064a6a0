// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// status is what rt0 exits with.
type status int

const (
	statusOK      status = 0 // every boot ended as asked, every expectation held
	statusFailed  status = 1 // an expectation failed, a check found something wrong
	statusUsage   status = 2 // wrong usage: an unknown flag, key or profile
	statusRefused status = 3 // a boot could not be carried out
	statusDied    status = 4 // the guest died or got stuck, and nothing was expected of it

	statusFault status = 5 // rt0 itself failed in a boot of a sweep; the others went on

	statusInterrupted status = 130 // a long run was interrupted: 128 and SIGINT's number, as shells have it
)

// statusError is an error that says what to exit with.
type statusError struct {
	status status
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }

func (e *statusError) Unwrap() error { return e.err }

// withStatus gives an error a status; nil stays nil.
func withStatus(s status, err error) error {
	if err == nil {
		return nil
	}
	return &statusError{s, err}
}

// failf is an error with a status.
func failf(s status, format string, args ...any) error {
	return &statusError{s, fmt.Errorf(format, args...)}
}

// statusOf is the status of an error. Errors without one are cobra's, and say that the usage is wrong.
func statusOf(err error) status {
	if e := (*statusError)(nil); errors.As(err, &e) {
		return e.status
	}
	return statusUsage
}

// line writes an error as one line.
func line(w io.Writer, err error) { fmt.Fprintf(w, "rt0: %s\n", oneLine(err)) }

// oneLine is an error's text as one line: what a file's name or a guest's text holds must not break it, nor reach a terminal as a command.
func oneLine(err error) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.TrimSpace(err.Error()))
}
