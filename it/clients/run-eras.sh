#!/usr/bin/env bash
# Tries clients of every revision against three replicas on a real Redis, HTTP+SSE and 2026-07-28 among them; about a minute.
# Needs java, node, npm and the built example-server/target/example-server.jar. Fails on any failed scenario.
#
#   it/clients/run-eras.sh [scenario]...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for folder in "$here" "$here/../conformance"; do
    [ -d "$folder/node_modules" ] || (cd "$folder" && npm ci --loglevel=error)
done
exec "$here/../conformance/node_modules/node/bin/node" "$here/eras.mjs" "$@"
