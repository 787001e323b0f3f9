#!/usr/bin/env bash
# Tries clients that nobody here has written against three replicas on a real Redis. Needs java, node, npm and the built
# example-server/target/example-server.jar. Fails on any failed scenario.
#
#   it/clients/run.sh eras [scenario]...       clients of every revision, HTTP+SSE and 2026-07-28 among them; about a minute
#   it/clients/run.sh streams [scenario]...    the official TypeScript client resumes its streams; about three minutes
#   it/clients/run.sh failover                 it calls on while Sentinel replaces the master of Redis; about a minute
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case "${1:-}" in
    eras | streams | failover) ;;
    *) echo "clients: '${1:-}' (expected: eras, streams or failover)" >&2; exit 2 ;;
esac
for folder in "$here" "$here/../conformance"; do
    [ -d "$folder/node_modules" ] || (cd "$folder" && npm ci --loglevel=error)
done
exec "$here/../conformance/node_modules/node/bin/node" "$here/$1.mjs" "${@:2}"
