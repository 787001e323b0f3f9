#!/usr/bin/env bash
# Measures the transport against bare Netty, in turn, and prints a table: server on one core, client on another.
#
#   bench/run.sh [client options]      see --help of the client, such as: --connections 16,64 --rounds 7 --initialize
#
# SERVERS   which, in this order; the first is the yardstick (default: bare ceiling immediate worker).
#           Also: elastic; bare-uring immediate-uring worker-uring, on io_uring in the place of epoll; immediate-redis
#           worker-redis, which need REDIS_URL or a redis-server on the PATH; after mvn -f bench/peers/tomcat package:
#           tomcat tomcat-immediate, the SDK's own transport on Tomcat; and after mvn -f bench/peers/quarkus package:
#           quarkus, Quarkus MCP Server with its tools on the event loop.
# SERVER_CPU, CLIENT_CPU   the cores (default: 0 and 1)
# JAVA_OPTS   for the servers (default: a heap of 1 GiB). Netty's sampling of leaks is off in all of them, as in Quarkus anyway
# NO_BUILD=1  take the jar that is there
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
jar=bench/target/bench-server.jar
servers=${SERVERS:-bare ceiling immediate worker}
server_cpu=${SERVER_CPU:-0}
client_cpu=${CLIENT_CPU:-1}
read -ra java_opts <<<"${JAVA_OPTS:--Xms1g -Xmx1g} -Dio.netty.leakDetection.level=disabled"

if [ -z "${NO_BUILD:-}" ]; then
    mvn -q -B package -DskipTests -pl bench -am
fi

work=$(mktemp -d)
pids=()
stop() {
    [ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

# Prints the first line of a file that begins so, as soon as it is there.
line() {
    for _ in $(seq 300); do
        if grep -s -m 1 "^$2" "$1"; then
            return
        fi
        sleep 0.1
    done
    echo "$1: no server has started within 30 s" >&2
    return 1
}

redis() {
    if [ -z "${REDIS_URL:-}" ]; then
        local port=$((20000 + RANDOM % 20000))
        taskset -c "$client_cpu" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no \
            --dir "$work" >"$work/redis.log" &
        pids+=($!)
        REDIS_URL=redis://127.0.0.1:$port
        line "$work/redis.log" ".*Ready to accept" >/dev/null
    fi
}

start() {
    local name=$1 class=io.github.mcpsessions.bench.BenchServer execution=worker io=auto url='' path=$jar
    case $name in
        bare | bare-uring) class=io.github.mcpsessions.bench.BareNetty ;;
        ceiling) class=io.github.mcpsessions.transport.SdkHandlerAlone ;;
        immediate | immediate-redis | immediate-uring) execution=immediate ;;
        worker | worker-redis | worker-uring) ;;
        elastic) execution=elastic ;;
        tomcat | tomcat-immediate)
            class=io.github.mcpsessions.bench.peers.TomcatServer
            path='bench/peers/tomcat/target/peer-tomcat.jar:bench/peers/tomcat/target/lib/*'
            [ "$name" = tomcat ] || execution=immediate
            ;;
        quarkus)
            class=io.quarkus.bootstrap.runner.QuarkusEntryPoint
            path=bench/peers/quarkus/target/quarkus-app/quarkus-run.jar
            ;;
        *) echo "SERVERS: $name (expected: one of those that the head of this script lists)" >&2; exit 2 ;;
    esac
    [[ $name != *-uring ]] || io=io_uring
    if [[ $name == *-redis ]]; then
        redis
        url=$REDIS_URL
    fi
    PORT=0 REDIS_URL=$url MCP_EXECUTION=$execution MCP_IO=$io taskset -c "$server_cpu" \
        java "${java_opts[@]}" -cp "$path" "$class" >"$work/$name.url" &
    pids+=($!)
    options+=(--server "$name=$(line "$work/$name.url" http)#${pids[-1]}")
}

options=()
for name in $servers; do
    start "$name"
done
taskset -c "$client_cpu" java -Xms512m -Xmx512m -cp "$jar" io.github.mcpsessions.bench.LoadGenerator \
    "${options[@]}" "$@"
