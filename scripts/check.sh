#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a change must pass besides the tests. Every step runs, whatever the ones before it said.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

step() {
	printf 'check: %s\n' "$1"
	shift
	"$@" || { printf 'check: FAILED: %s\n' "$*" >&2; status=1; }
}

# sources prints the files of the repository that match, tracked or new.
sources() { git ls-files -co --exclude-standard -- "$@" | while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done; }

formatted() {
	local files
	files=$(sources '*.go' | tr '\n' '\0' | xargs -0 gofmt -l) || return 1
	[ -z "$files" ] || { printf 'run gofmt -w on:\n%s\n' "$files"; return 1; }
}

scripts_parse() {
	local file
	for file in $(sources '*.sh' .ci/run); do bash -n "$file" || return 1; done
}

# Generated files are up to date when generating changes nothing; what was changed beforehand does not matter.
generated() {
	local before after
	before=$(sources | tr '\n' '\0' | xargs -0 sha256sum)
	go generate ./... || return 1
	after=$(sources | tr '\n' '\0' | xargs -0 sha256sum)
	[ "$before" = "$after" ] && return 0
	diff <(printf '%s\n' "$before") <(printf '%s\n' "$after") | sed -n 's/^> [0-9a-f]* */was not up to date, and is now: /p'
	return 1
}

tidy() {
	go mod tidy -diff && (cd tools && go mod tidy -diff)
}

step 'gofmt' formatted
step 'scripts' scripts_parse
step 'go vet' go vet ./...
step 'staticcheck' go tool -modfile=tools/go.mod staticcheck ./...
step 'go generate' generated
step 'go mod tidy' tidy
step 'the house' go test .
exit "$status"
