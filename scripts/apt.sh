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

# apt_mirrors prints the addresses that the system's apt is configured with, one a line, the main archive's before those of security
# updates. --print-uris needs neither root nor downloaded lists, and resolves every form that a source can be written in.
apt_mirrors() {
	apt-get update --print-uris 2>/dev/null |
		sed -nE "s,^'(.*)/dists/([^']*)/InRelease' .*,\1 \2,p" |
		grep -v '^cdrom:' |
		awk '{ rank = $1 $2 ~ /security/ } !seen[$1]++ { print rank, NR, $1 }' |
		sort -n | cut -d ' ' -f 3
}
