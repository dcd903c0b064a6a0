#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The steps of action.yml: build, run, judge. Inputs come as variables IN_*, and are never a part of a command's text.
set -euo pipefail

# output NAME VALUE sets an output of the step.
output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

# build makes rt0 from the action's own checkout. What the caller's job has set for builds of its own is not for this one: the images golang:* fix
# GOTOOLCHAIN, and a checkout belongs to another user than a container's, which git refuses.
build() {
	cd "$GITHUB_ACTION_PATH"
	GOTOOLCHAIN=auto GOWORK=off GOFLAGS=-buildvcs=false make build
	output rt0 "$PWD/bin/rt0"
}

# each FLAG TEXT adds FLAG=LINE to args for each line of a text that has something in it. With the equals sign a value cannot be taken for a flag.
each() {
	local value
	while IFS= read -r value; do
		value=${value%$'\r'}
		[ -z "$value" ] || args+=("$1=$value")
	done <<<"$2"
}

# whole FLAG TEXT adds one flag for a text, unless it is empty.
whole() { [ -z "$2" ] || args+=("$1=$2"); }

# lines NAME TEXT makes the array NAME of a text's lines that have something in them.
lines() {
	local -n list=$1
	local value
	while IFS= read -r value; do
		value=${value%$'\r'}
		[ -z "$value" ] || list+=("$value")
	done <<<"$2"
}

# matrix boots, and saves the report.
matrix() {
	local args=() programs=()
	each --go "$IN_GO"
	each --arch "$IN_ARCH"
	each --machine "$IN_MACHINE"
	each --variant "$IN_VARIANT"
	whole --tags "$IN_TAGS"
	whole --ldflags "$IN_LDFLAGS"
	whole --until "$IN_UNTIL"
	whole --shard "$IN_SHARD"
	judging
	lines args "$IN_ARGS"
	lines programs "$IN_PACKAGE"
	"$RT0" matrix --save="$report" "${args[@]}" "${programs[@]/#-/./-}" # no package is a flag
}

# merge makes one report of several.
merge() {
	local args=() patterns=() files=() found pattern status=0
	lines patterns "$IN_MERGE"
	for pattern in "${patterns[@]}"; do
		mapfile -t found < <(compgen -G "$pattern")
		[ ${#found[@]} -gt 0 ] || { printf 'rt0: there is no report to merge that is called %s\n' "$pattern" >&2; return 3; }
		files+=("${found[@]/#-/./-}")
	done
	"$RT0" report merge --out="$report" "${files[@]}" || status=$?
	[ -s "$report" ] || return "$status"
	judging
	"$RT0" report show "${args[@]}" "$report" || status=$?
	return "$status"
}

# judging adds the flags that say what is well.
judging() {
	each --expect "$IN_EXPECT"
	whole --threshold "$IN_THRESHOLD"
}

# outcomes are the words for exit statuses.
outcomes=(passed failed usage refused died)

run() {
	local dir report page log status=0 token args=() form=matrix
	dir=$(mktemp -d "$RUNNER_TEMP/rt0.XXXXXX")
	report=$dir/report.json page=$dir/report.html log=$dir/log
	case $IN_DIRECTORY in
	/*) cd "$IN_DIRECTORY" ;;
	*) cd "./$IN_DIRECTORY" ;;
	esac
	[ -z "${IN_MERGE//[[:space:]]/}" ] || form=merge

	# A guest may print what the runner takes for a command; until the token comes, the runner takes nothing.
	token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	printf '::stop-commands::%s\n' "$token"
	"$form" 2>&1 | tee "$log" || status=$? # pipefail: that of rt0; one stream, for the runner reads two in no order
	printf '::%s::\n' "$token"

	if [ -s "$report" ]; then
		judging
		show markdown >>"$GITHUB_STEP_SUMMARY"
		show github
		show html >"$page"
		[ -z "$IN_BASELINE" ] || compare
		output report "$report"
		output page "$page"
	else
		[ "$status" -ne 0 ] || status=3
		failed 'There is no report' "$(tail -n 1 "$log")"
	fi
	output exit-status "$status"
	output outcome "${outcomes[status]:-interrupted}"
}

# show writes the report in a form. The status is that of the run, which is known.
show() { "$RT0" report show --output="$1" "${args[@]}" "$report" 2>/dev/null || true; }

# compare tells what is other than the baseline, which is a failure when nothing worse has happened.
compare() {
	local args=("--baseline=$IN_BASELINE") code=0
	whole --threshold "$IN_THRESHOLD"
	printf '\n### Compared with the baseline\n\n' >>"$GITHUB_STEP_SUMMARY"
	"$RT0" diff --output=markdown "${args[@]}" "$report" >>"$GITHUB_STEP_SUMMARY" 2>"$log" || code=$?
	case $code in
	0) ;;
	1) "$RT0" diff --output=github "${args[@]}" "$report" 2>"$log" || true ;;
	*) failed 'It could not be compared' "$(tail -n 1 "$log")" ;;
	esac
	[ "$status" -ne 0 ] || status=$code
}

# failed WHAT LINE tells of a run that came to nothing, by the line that it ended with.
failed() {
	local what=$1 line=$2 fence='````'
	line=${line//$'\r'/ }
	while [[ $line == *"$fence"* ]]; do fence+='`'; done
	printf '### rt0\n\n%s:\n\n%s\n%s\n%s\n' "$what" "$fence" "$line" "$fence" >>"$GITHUB_STEP_SUMMARY"
	printf '::error title=rt0::%s\n' "${line//%/%25}"
}

# judge ends the action as rt0 ended.
judge() { return "$STATUS"; }

"$1"
