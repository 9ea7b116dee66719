#!/usr/bin/env bash
# Measures the peers that are installed in bench/engine/peers (npm install there first), on this machine, one after another.
set -euo pipefail
cd "$(dirname "$0")/peers"
run() { timeout 300 node "$1" || echo "{\"engine\":\"$1\",\"failed\":true}"; }

run langgraph.mjs
run mastra.mjs

binaries=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -1)")
folder=$(mktemp -d)
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
[ "$(id -u)" != 0 ] || chown 65534:65534 "$folder"
trap 'as "$binaries/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
as "$binaries/initdb" -D "$folder/data" -U bench --auth trust >/dev/null
as "$binaries/pg_ctl" -D "$folder/data" -w -l "$folder/log" -o "-p 54329 -k $folder -c listen_addresses=127.0.0.1" start >/dev/null
"$binaries/createdb" -h 127.0.0.1 -p 54329 -U bench dbos
DATABASE_URL=postgresql://bench@127.0.0.1:54329/dbos run dbos.mjs
