#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: scripts/tool.sh COMMAND PACKAGE...
#
# Makes sure that a command of a Debian package can be run: strace and Chromium for the tests, qemu-x86_64 and its like for the tests and the benchmark, by
# its path a loader of another architecture for qemu-user. Where it is missing, root has apt install it, and anyone else has it unpacked, with the libraries that the system lacks, into .deps/tools, which
# needs no root; scripts/env.sh puts .deps/tools/bin on PATH. Where neither works, a line says so and the exit status is 1.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/apt.sh

command=$1 package=${*:2}
tools=$PWD/.deps/tools
work=

say() { printf '%s: %s\n' "$command" "$*" >&2; }

unpacked() { [ -x "$tools/bin/$command" ] || [[ $command == /* && -x $tools$command ]]; }

command -v "$command" >/dev/null && exit 0
unpacked && exit 0
if ! command -v apt-get >/dev/null; then
	say "not installed; install $package"
	exit 1
fi

install_as_root() {
	[ "$(id -u)" = 0 ] || return 1
	say "installing $package"
	# shellcheck disable=SC2086 # one word each
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $package >/dev/null 2>&1 ||
		{ apt-get -qq update >/dev/null 2>&1 &&
			DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $package >/dev/null 2>&1; }
}

unpack() {
	local deb file wanted loader libraries
	mkdir -p "$tools/bin"
	work=$(mktemp -d "$tools/tmp.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	say "unpacking $package into .deps/tools"
	mkdir "$work/download" "$work/root"
	private_update "$work" "$work/log" || { cat "$work/log" >&2; return 1; }
	# What an installation would add to this system is what the package needs and the system lacks.
	# shellcheck disable=SC2086 # one word each
	wanted=$(private_apt "$work" -o Debug::NoLocking=1 -s --no-install-recommends install $package | awk '$1 == "Inst" { print $2 }')
	wanted=${wanted:-$package} # the package is there, its command is not
	# shellcheck disable=SC2086 # one word each
	(cd "$work/download" && private_apt "$work" download $wanted 2>"$work/log") || { cat "$work/log" >&2; return 1; }
	for deb in "$work"/download/*.deb; do dpkg -x "$deb" "$work/root"; done
	cp -a "$work/root/." "$tools/"
	# The programs find the libraries that came along by way of the loader: LD_LIBRARY_PATH would reach what they start. A program in a directory
	# of its own, to which a script in usr/bin leads, is Chromium: it starts itself anew, and would so start the loader.
	loader=$(compgen -G '/lib64/ld-linux-*.so.*' || compgen -G '/lib/ld-linux-*.so.*') || return 1
	libraries=$(printf '%s\n' "$tools"/usr/lib/*-linux-gnu* | paste -sd : -)
	for file in "$work"/root/usr/bin/*; do
		[ -e "$file" ] || continue # there is none
		file=${file##*/}
		if [ -x "$work/root/usr/lib/$file/$file" ]; then
			printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$libraries" "$tools/usr/lib/$file/$file" >"$work/wrapper"
		else
			printf '#!/bin/sh\nexec %s --argv0 %s --library-path "%s" "%s" "$@"\n' "${loader%%$'\n'*}" "$file" \
				"$libraries" "$tools/usr/bin/$file" >"$work/wrapper"
		fi
		chmod +x "$work/wrapper"
		mv "$work/wrapper" "$tools/bin/$file"
	done
	unpacked
}

install_as_root || unpack || { say "could not be installed; install $package"; exit 1; }
