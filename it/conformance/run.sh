#!/usr/bin/env bash
# Runs the official MCP conformance suite against the example server: one replica in memory, then three replicas
# on one real Redis behind a per-request round-robin proxy. Needs java, node, npm and the built
# example-server/target/example-server.jar. Fails on any FAILURE.
#
#   it/conformance/run.sh [--only memory|redis] [--spec-version 2025-11-25]... [--requirements 2025-11-25]...
#
# The Redis is taken from REDIS_URL, or from a redis-server on the PATH, or from the embedded-redis jar.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

for tool in java node npm; do
    command -v "$tool" >/dev/null || { echo "conformance: $tool not found on the PATH" >&2; exit 3; }
done
if [ ! -f "$root/example-server/target/example-server.jar" ]; then
    echo "conformance: example-server/target/example-server.jar not found (build it: mvn -pl example-server -am package)" >&2
    exit 3
fi

cd "$here"
lock=node_modules/.installed-from
if [ ! -f "$lock" ] || ! cmp -s package-lock.json "$lock"; then
    npm ci --loglevel=error
    cp package-lock.json "$lock"
fi

# The suite needs Node 22; the machine's own may be older.
exec node_modules/node/bin/node run.mjs "$@"
