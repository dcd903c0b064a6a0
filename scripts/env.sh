#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: scripts/env.sh COMMAND ARG...
#
# Runs a command with what scripts/tool.sh unpacked at the end of PATH.
set -euo pipefail
export PATH="$PATH:$(cd "$(dirname "$0")/.." && pwd)/.deps/tools/bin"
exec "$@"
