#!/bin/sh
# Starts Inlet for development, from nothing: Bun, the locked dependencies, then `inlet dev`.
set -eu
cd "$(dirname "$0")/.."

./scripts/bun.sh install --frozen-lockfile >&2
exec ./scripts/bun.sh src/main.ts dev "$@"
