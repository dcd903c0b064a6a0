#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Puts the CPU engine where package emu looks for it: .deps/include/unicorn and .deps/lib.
#
#   1. a Unicorn of the system that is new enough is linked to;
#   2. else, on apt systems, Debian's libunicorn-dev is downloaded from the mirror that apt is configured with,
#      with lists and a cache of its own and with signatures checked, and unpacked: no root, and nothing of the system changes;
#   3. else two lines say what to install.
#
# .deps/ready is written last, and names what is there: a second call ends at it.
set -euo pipefail
cd "$(dirname "$0")/.."

want=2.1.4
deps=$PWD/.deps
ready=$deps/ready

say() { printf 'deps: %s\n' "$*"; }
die() { printf 'deps: %s\n' "$@" >&2; exit 1; }

if [ -f "$ready" ] && [ -e "$deps/include/unicorn/unicorn.h" ] && ls "$deps"/lib/librt0-run-make-deps.* >/dev/null 2>&1; then
	exit 0
fi
rm -rf "$deps/include" "$deps/lib" "$ready"
mkdir -p "$deps/include" "$deps/lib"

# version_of DIR prints the version that DIR/unicorn/unicorn.h declares.
version_of() {
	sed -nE 's/^#define UC_(API_MAJOR|API_MINOR|API_PATCH) +([0-9]+).*/\2/p' "$1/unicorn/unicorn.h" | paste -sd.
}
enough() { [ "$(printf '%s\n%s\n' "$want" "$1" | sort -V | head -n 1)" = "$want" ]; }

# use INCLUDE LIBRARY ORIGIN: the library gets the name that emu links to, so that a linker that misses it says what to run.
use() {
	ln -sfn "$1/unicorn" "$deps/include/unicorn"
	ln -sfn "$2" "$deps/lib/librt0-run-make-deps.${2##*.}"
	printf 'unicorn %s, %s\n' "$(version_of "$1")" "$3" >"$ready"
	say "$(cat "$ready")"
	exit 0
}

from_system() {
	local include=${RT0_UNICORN_INCLUDE:-} lib=${RT0_UNICORN_LIB:-} dir
	if [ -z "$include" ] && command -v pkg-config >/dev/null && pkg-config --exists unicorn; then
		include=$(pkg-config --variable=includedir unicorn)
		lib=$(pkg-config --variable=libdir unicorn)
	fi
	for dir in "$include" /usr/include /usr/local/include /opt/homebrew/include; do
		[ -n "$dir" ] && [ -f "$dir/unicorn/unicorn.h" ] || continue
		enough "$(version_of "$dir")" || { say "the system's unicorn $(version_of "$dir") is older than $want: not used"; continue; }
		for file in ${lib:+"$lib"} "$(dirname "$dir")/lib" "$(dirname "$dir")/lib/$(gcc -print-multiarch 2>/dev/null)"; do
			for file in "$file/libunicorn.a" "$file/libunicorn.so" "$file/libunicorn.dylib"; do
				[ -f "$file" ] && use "$dir" "$file" "the system's"
			done
		done
	done
	return 0
}

from_debian() {
	command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 0
	local mirror apt=$deps/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg arch options deb lib
	arch=$(dpkg --print-architecture)
	. /etc/os-release
	# The configured repository of this very release, not its security or third-party companions, is the mirror.
	mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v r="${VERSION_CODENAME:-sid}" '$1 == r && $2 !~ /security/ { print $2; exit }')
	[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/*$' || true)
	[ -n "$mirror" ] && [ -f "$keyring" ] || return 0

	say "downloading libunicorn-dev from Debian sid"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/unpacked" "$apt/conf.d" "$apt/download"
	cat >"$apt/sources.list" <<-LIST
		deb [arch=$arch signed-by=$keyring] $mirror sid main
	LIST
	: >"$apt/status"
	options=(-qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null
		-o Dir::Etc::PreferencesParts=/dev/null -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::Status="$apt/status"
		-o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success=
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false -o APT::Sandbox::User= -o Acquire::Retries=3)
	apt-get "${options[@]}" update 2>"$apt/log" || { cat "$apt/log" >&2; return 0; }
	(cd "$apt/download" && apt-get "${options[@]}" download libunicorn-dev 2>>"$apt/log") || { cat "$apt/log" >&2; return 0; }
	deb=$(ls "$apt"/download/libunicorn-dev_*.deb)
	dpkg -x "$deb" "$apt/unpacked"
	enough "$(version_of "$apt/unpacked/usr/include")" || die "Debian sid's unicorn $(version_of "$apt/unpacked/usr/include") is older than $want"
	lib=$(find "$apt/unpacked" -name libunicorn.a | head -n 1)
	[ -n "$lib" ] || die "$(basename "$deb") holds no static library"
	mkdir -p "$deps/unicorn"
	rm -rf "$deps/unicorn/include" && mv "$apt/unpacked/usr/include" "$deps/unicorn/include"
	mv "$lib" "$deps/unicorn/libunicorn.a"
	rm -rf "$apt"
	use "$deps/unicorn/include" "$deps/unicorn/libunicorn.a" "from Debian sid"
}

from_system
case $(uname -s) in
Darwin) die "unicorn $want or newer is not installed" "install it with: brew install unicorn" ;;
esac
from_debian
die "unicorn $want or newer was not found, and Debian's package could not be downloaded" \
	"install unicorn $want or newer (library and headers), or set RT0_UNICORN_INCLUDE and RT0_UNICORN_LIB to its folders, and run make deps again"
