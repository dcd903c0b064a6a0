#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Puts the CPU engine where package emu looks for it: .deps/include/unicorn and .deps/lib.
#
#   1. a Unicorn of the system that is new enough is linked to (RT0_UNICORN_INCLUDE and RT0_UNICORN_LIB name one that is elsewhere);
#   2. else, on apt systems, Debian's libunicorn-dev is downloaded from the mirror that apt is configured with, with lists and a cache
#      of its own and with signatures checked, and unpacked: no root, and nothing of the system changes;
#   3. else two lines say what to install.
#
# .deps/ready is written last, and names what is there: a second call ends at it. A run that was interrupted leaves nothing that the
# next one trips over; two runs at once take turns.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/apt.sh

want=2.1.4
read -ra cc <<<"${CC:-gcc}" # may be "ccache gcc", for Go too
deps=$PWD/.deps
ready=$deps/ready
name=librt0-run-make-deps # what a linker prints when the library is missing

say() { printf 'deps: %s\n' "$*" >&2; }
die() { printf 'deps: %s\n' "$@" >&2; exit 1; }

enough() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$want" "$1" | sort -V | head -n 1)" = "$want" ]; }

# is_ready: what an earlier run made is still there, and still new enough.
is_ready() {
	local version lib
	[ -f "$ready" ] && [ -f "$deps/include/unicorn/unicorn.h" ] || return 1
	read -r _ version _ <"$ready" && enough "${version%,}" || return 1
	[ -z "${RT0_UNICORN_LIB:-}" ] || grep -qF "$RT0_UNICORN_LIB/" "$ready" || return 1 # another one is wanted
	for lib in "$deps/lib/$name".*; do [ -f "$lib" ] && return 0; done
	return 1
}

# mending identifies what scripts/mendlib does to the downloaded library; mend does so to one that an older mendlib had. Its package says why.
mending() { sha256sum <scripts/mendlib/main.go; }
mend() {
	local lib=$deps/unicorn/libunicorn.a mended=$deps/unicorn/mended
	[ ! -f "$lib" ] || [ "$(cat "$mended" 2>/dev/null)" = "$(mending)" ] && return 0
	go run ./scripts/mendlib "$lib"
	mending >"$mended"
}

if is_ready; then mend; exit 0; fi
mkdir -p "$deps"
if command -v flock >/dev/null; then
	exec 9>"$deps/lock"
	flock 9
	if is_ready; then mend; exit 0; fi
fi
rm -rf "$deps"/tmp.* "$deps/include" "$deps/lib" "$ready"
tmp=$(mktemp -d "$deps/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# compile PROGRAM ARG... has the C compiler make a program; complaint prints the first line of why it did not.
compile() { "${cc[@]}" -o "$@" >"$tmp/compile.log" 2>&1; }
complaint() { grep -m 1 -E 'error|undefined|cannot|not found' "$tmp/compile.log" || tail -n 1 "$tmp/compile.log"; }

# version_of DIR prints the version that DIR/unicorn/unicorn.h declares.
version_of() {
	sed -nE 's/^#define UC_(API_MAJOR|API_MINOR|API_PATCH) +([0-9]+).*/\2/p' "$1/unicorn/unicorn.h" | paste -sd . -
}

# use INCLUDE LIBRARY ORIGIN: the library gets the name that emu links to, and everything must fit together: a program that is linked
# to it runs, and reports the version that the header declares. The paths are relative to .deps, or absolute.
use() {
	local up='' version
	case $1 in /*) ;; *) up=../ ;; esac
	rm -rf "$tmp/use" && mkdir -p "$tmp/use/include" "$tmp/use/lib"
	version=$(cd "$deps" && version_of "$1")
	ln -s "$up$1/unicorn" "$tmp/use/include/unicorn"
	ln -s "$up$2" "$tmp/use/lib/$name.${2##*.}"
	mv "$tmp/use/include" "$tmp/use/lib" "$deps/"
	if ! fits "$version"; then
		rm -rf "$deps/include" "$deps/lib"
		return 1
	fi
	printf 'unicorn %s, %s\n' "$version" "$3" >"$tmp/ready"
	mv "$tmp/ready" "$ready"
	say "$(cat "$ready")"
	exit 0
}

fits() {
	local got
	cat >"$tmp/fits.c" <<-'C'
		#include <stdio.h>
		#include <unicorn/unicorn.h>
		int main(void) {
			unsigned v = uc_version(NULL, NULL);
			printf("%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255);
		}
	C
	compile "$tmp/fits" "$tmp/fits.c" -I"$deps/include" -L"$deps/lib" "-l${name#lib}" -lm -lpthread ||
		{ say "a program cannot be linked to it: $(complaint)"; return 1; }
	got=$("$tmp/fits" 2>&1) || true
	[ "$got" = "$1" ] || { say "the library is not that of the header, which is $1: $got"; return 1; }
}

from_system() {
	local include=${RT0_UNICORN_INCLUDE:-} lib=${RT0_UNICORN_LIB:-} named=${RT0_UNICORN_INCLUDE:-}${RT0_UNICORN_LIB:-} dir folder file version
	if [ -z "$named" ] && command -v pkg-config >/dev/null && pkg-config --exists unicorn; then
		include=$(pkg-config --variable=includedir unicorn)
		lib=$(pkg-config --variable=libdir unicorn)
	fi
	while read -r dir; do
		[ -f "$dir/unicorn/unicorn.h" ] || continue
		version=$(version_of "$dir")
		enough "$version" || { say "unicorn $version in $dir is older than $want: not used"; continue; }
		for folder in ${lib:+"$lib"} "$(dirname "$dir")/lib" "$(dirname "$dir")/lib/$("${cc[@]}" -print-multiarch 2>/dev/null)"; do
			for file in "$folder/libunicorn.a" "$folder/libunicorn.so" "$folder/libunicorn.dylib"; do
				[ -f "$file" ] || continue
				use "$(cd "$dir" && pwd)" "$(cd "$folder" && pwd)/$(basename "$file")" "the system's, $file" || say "$file is not used"
			done
		done
	done < <(printf '%s\n' "$include" /usr/include /usr/local/include /opt/homebrew/include | awk '!seen[$0]++')
	[ -z "$named" ] || die "no unicorn $want or newer at RT0_UNICORN_INCLUDE='${RT0_UNICORN_INCLUDE:-}' RT0_UNICORN_LIB='${RT0_UNICORN_LIB:-}'" \
		"the first must hold unicorn/unicorn.h, the second libunicorn.a, libunicorn.so or libunicorn.dylib"
}

from_debian() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror arch deb lib
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 0
	[ -f "$keyring" ] || { say "$keyring is missing: Debian's signatures cannot be checked"; return 0; }
	arch=$(dpkg --print-architecture)
	for mirror in $(apt_mirrors); do
		say "downloading libunicorn-dev of Debian sid from $mirror"
		rm -rf "$tmp/apt" && mkdir -p "$tmp/apt/download" "$tmp/apt/unpacked"
		# Only the list of packages is wanted, whatever else (translations, contents, icons) the system's configuration asks for.
		printf 'deb [arch=%s target=Packages signed-by=%s] %s sid main\n' "$arch" "$keyring" "$mirror" >"$tmp/apt/sources.list"
		if ! private_update "$tmp/apt" "$tmp/log" -o APT::Update::Error-Mode=any ||
			! (cd "$tmp/apt/download" && private_apt "$tmp/apt" download libunicorn-dev 2>"$tmp/log"); then
			cat "$tmp/log" >&2
			continue
		fi
		deb=$(ls "$tmp"/apt/download/libunicorn-dev_*.deb)
		dpkg -x "$deb" "$tmp/apt/unpacked"
		lib=$(find "$tmp/apt/unpacked" -name libunicorn.a | head -n 1)
		[ -n "$lib" ] || { say "$(basename "$deb") holds no static library"; continue; }
		enough "$(version_of "$tmp/apt/unpacked/usr/include")" || { say "$(basename "$deb") is older than $want"; continue; }
		mkdir "$tmp/unicorn"
		mv "$tmp/apt/unpacked/usr/include" "$lib" "$tmp/unicorn/"
		go run ./scripts/mendlib "$tmp/unicorn/libunicorn.a" || return 0
		mending >"$tmp/unicorn/mended"
		rm -rf "$deps/unicorn" && mv "$tmp/unicorn" "$deps/unicorn"
		use unicorn/include unicorn/libunicorn.a "from Debian sid" || return 0
	done
}

command -v go >/dev/null || die "there is no go command on PATH" "install the Go release that go.mod names, or newer, and run make deps again"
printf '#include <stdio.h>\nint main(void) { return 0; }\n' >"$tmp/try.c"
compile "$tmp/try" "$tmp/try.c" || die "the C compiler, ${cc[*]}, does not work: $(complaint)" \
	"install gcc and the C library's headers (Debian: gcc libc6-dev), and run make deps again"
from_system
case $(uname -s) in
Darwin) die "unicorn $want or newer is not installed" "install it with: brew install unicorn" ;;
esac
from_debian
die "unicorn $want or newer was not found, and Debian's package could not be had" \
	"install unicorn $want or newer (library and headers), or set RT0_UNICORN_INCLUDE and RT0_UNICORN_LIB to its folders, and run make deps again"
