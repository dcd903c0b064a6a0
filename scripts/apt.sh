#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the other scripts: apt without root, and without a trace on the system.

# private_apt DIR ARG... is apt-get with lists, cache and package status in DIR, and with the sources of DIR/sources.list, where that
# exists. Proxies, certificates and credentials of the system's configuration hold; its hooks, which reach into the system, do not.
private_apt() {
	local dir=$1
	shift
	if [ ! -f "$dir/conf" ]; then
		mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
		cat >"$dir/conf" <<-CONF
			#clear APT::Update::Pre-Invoke;
			#clear APT::Update::Post-Invoke;
			#clear APT::Update::Post-Invoke-Success;
			#clear APT::Default-Release;
			#clear DPkg::Post-Invoke;
			APT::Sandbox::User "";
			Dir::State::Lists "$dir/lists/";
			Dir::Cache "$dir/cache/";
			Acquire::Languages "none";
			Acquire::Retries "3";
		CONF
		if [ -f "$dir/sources.list" ]; then
			: >"$dir/status"
			cat >>"$dir/conf" <<-CONF
				Dir::Etc::SourceList "$dir/sources.list";
				Dir::Etc::SourceParts "/dev/null";
				Dir::Etc::Preferences "/dev/null";
				Dir::Etc::PreferencesParts "/dev/null";
				Dir::State::Status "$dir/status";
			CONF
		fi
	fi
	apt-get -qq -c "$dir/conf" "$@"
}

# private_update DIR LOG ARG... gets the lists. Those of a mirror that stands still run out, sid's after a week; their signature holds all the
# same. So they are taken, with a word, once apt has refused them for their date alone.
private_update() {
	local dir=$1 log=$2
	shift 2
	private_apt "$dir" "$@" update 2>"$log" && return 0
	grep -q 'is expired' "$log" || return 1
	printf 'apt: the lists of the configured mirror are old; their signature is good, so they are taken\n' >&2
	private_apt "$dir" "$@" -o Acquire::Check-Valid-Until=false update 2>"$log"
}

# apt_mirrors prints the addresses that the system's apt is configured with, one a line, the main archive's before those of security
# updates. --print-uris needs neither root nor downloaded lists, and resolves every form that a source can be written in.
apt_mirrors() {
	apt-get update --print-uris 2>/dev/null |
		sed -nE "s,^'(.*)/dists/([^']*)/InRelease' .*,\1 \2,p" |
		grep -v '^cdrom:' |
		awk '{ rank = $1 $2 ~ /security/ } !seen[$1]++ { print rank, NR, $1 }' |
		sort -n | cut -d ' ' -f 3
}
