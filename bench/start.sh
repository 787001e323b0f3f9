#!/usr/bin/env bash
# Measures from the start of a process to its first answer to initialize, on one core, in turn, and prints the medians:
# bare Netty, and the example server with its class data archive and without.
#
#   bench/start.sh [rounds]      (default: 7)
#
# SERVER_CPU, CLIENT_CPU   the cores (default: 0 and 1)
# NO_BUILD=1  take the jars that are there
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-7}
server_cpu=${SERVER_CPU:-0}
client_cpu=${CLIENT_CPU:-1}
example=example-server/target/example-server
initialize='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},
"clientInfo":{"name":"start","version":"1"}}}'

if [ -z "${NO_BUILD:-}" ]; then
    mvn -q -B package -DskipTests -pl bench,example-server -am
fi

work=$(mktemp -d)
server=''
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

# Notes under a name how many milliseconds a command takes to answer.
start() {
    local name=$1 port=$((20000 + RANDOM % 20000)) begun ended
    shift
    begun=$(date +%s%N)
    PORT=$port taskset -c "$server_cpu" "$@" >"$work/log" 2>&1 &
    server=$!
    until taskset -c "$client_cpu" curl -sf -o "$work/answer" -m 2 -H 'Content-Type: application/json' \
        -H 'Accept: application/json, text/event-stream' -d "$initialize" "http://127.0.0.1:$port/mcp"; do
        if ! kill -0 "$server" 2>/dev/null; then
            cat "$work/log" >&2
            return 1
        fi
        sleep 0.02
    done
    ended=$(date +%s%N)
    kill "$server"
    wait "$server" || true
    server=''
    echo $(((ended - begun) / 1000000)) >>"$work/$name"
}

for _ in $(seq "$rounds"); do
    start bare java -cp bench/target/bench-server.jar io.github.mcpsessions.bench.BareNetty
    start example java -jar "$example.jar"
    start example-archive java "-XX:SharedArchiveFile=$example.jsa" -jar "$example.jar"
done
for name in bare example example-archive; do
    printf '%-16s %6d ms\n' "$name" "$(sort -n "$work/$name" | sed -n "$(((rounds + 1) / 2))p")"
done
