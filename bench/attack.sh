#!/usr/bin/env bash
# Measures what 50 honest clients see beside 500 hostile connections: random session ids, garbage, half-open sockets, slow
# readers. Server on one core, clients on another.
#
#   bench/attack.sh [client options]      see --help of the client, such as: --seconds 180 --hostile-pause 10
#
# SERVER_CPU, CLIENT_CPU   the cores (default: 0 and 1)
# JAVA_OPTS   for the server (default: a heap of 256 MiB)
# NO_BUILD=1  take the jar that is there
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jar=bench/target/bench-server.jar
read -ra java_opts <<<"${JAVA_OPTS:--Xms256m -Xmx256m -XX:+UseSerialGC}"

if [ -z "${NO_BUILD:-}" ]; then
    mvn -q -B package -DskipTests -pl bench -am
fi

work=$(mktemp -d)
PORT=0 MCP_EXECUTION=elastic taskset -c "${SERVER_CPU:-0}" \
    java "${java_opts[@]}" -cp "$jar" io.github.mcpsessions.bench.BenchServer >"$work/url" 2>"$work/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
url=''
for _ in $(seq 300); do
    url=$(grep -m 1 '^http' "$work/url") && break
    sleep 0.1
done
if [ -z "$url" ]; then
    echo "no server has started within 30 s" >&2
    exit 1
fi
status=0
taskset -c "${CLIENT_CPU:-1}" java -Xmx512m -cp "$jar" io.github.mcpsessions.bench.AttackLoad \
    --server "$url#$server" "$@" || status=$?
printf 'lines in the log of the server: %s\n' "$(wc -l <"$work/log")"
exit "$status"
