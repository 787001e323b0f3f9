#!/usr/bin/env bash
# Tries resumable streams with the official TypeScript client against three replicas on a real Redis; about three minutes.
# Needs java, node, npm and the built example-server/target/example-server.jar. Fails on any failed scenario.
#
#   it/clients/run-streams.sh [scenario]...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for folder in "$here" "$here/../conformance"; do
    [ -d "$folder/node_modules" ] || (cd "$folder" && npm ci --loglevel=error)
done
exec "$here/../conformance/node_modules/node/bin/node" "$here/streams.mjs" "$@"
