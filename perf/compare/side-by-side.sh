#!/bin/sh
# Measures CPU per call of Tandem and Kamailio in one run, alternating, each pinned to core 0 with the generator on core 1.
#
#   perf/compare/side-by-side.sh [CALLS_PER_SECOND] [SECONDS] [ROUNDS] [WARM_UP_SECONDS]
#
# Needs two cores, Linux, Debian's kamailio and a built Tandem (./tandem version builds it). Prints one line per run and the
# medians; the machine and the kernel stand in the first line. Traffic stays on 127.0.0.1.
set -eu
rate=${1:-4000}
seconds=${2:-20}
rounds=${3:-5}
warm_up=${4:-20}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
started=
stop() {
    if [ -n "$started" ]; then
        kill "$started" 2>/dev/null || true
        wait "$started" 2>/dev/null || true
        started=
    fi
}
trap 'stop; rm -rf "$work"' EXIT INT TERM

tandem_config() {
    cat > "$work/tandem.yaml" <<YAML
listen: [udp://127.0.0.1:5460]
mode: $1
state-dir: $work/state
trunks: {agents: {allow: [127.0.0.0/8]}}
routes: [{from: agents, to: request-uri, within: [127.0.0.0/8]}]
admin: {socket: $work/admin.sock}
YAML
}

start() { # KIND MODE
    if [ "$1" = tandem ]; then
        tandem_config "$2"
        taskset -c 0 "$root/tandem" run -c "$work/tandem.yaml" > "$work/$1.log" 2>&1 &
    else
        taskset -c 0 kamailio -f "$here/kamailio-$2.cfg" -x fm -X fm -m 1024 -M 16 -l udp:127.0.0.1:5460 -DD -E \
            > "$work/$1.log" 2>&1 &
    fi
    started=$!
    sleep 4
}

# The process that serves SIP: Tandem's only one, or Kamailio's one UDP child, the one that uses CPU time.
serving() {
    if [ "$1" = tandem ]; then
        echo "$started"
    else
        for child in $(pgrep -P "$started"); do
            printf '%s %s\n' "$(awk '{print $14 + $15}' "/proc/$child/stat")" "$child"
        done | sort -rn | head -n 1 | cut -d ' ' -f 2
    fi
}

bench() { # RATE SECONDS PID
    taskset -c 1 "$root/tandem" bench --target 127.0.0.1:5460 --rate "$1" --for "$2" --pid "$3" --threshold 'failed<100%'
}

echo "# $(uname -sr), $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); $rate calls/s for ${seconds}s"
round=1
while [ "$round" -le "$rounds" ]; do
    for mode in stateless stateful; do
        for kind in kamailio tandem; do
            start "$kind" "$mode"
            # Warm-up: lets the JIT compile on the one core it has and, for Kamailio, shows which child serves.
            bench "$rate" "${warm_up}s" "$started" > /dev/null
            bench "$rate" "${seconds}s" "$(serving "$kind")" > "$work/out"
            cpu=$(sed -n 's/^target *\([0-9.]*\) us.*/\1/p' "$work/out")
            failed=$(sed -n 's/.* \([0-9,]*\) failed$/\1/p' "$work/out" | tail -n 1)
            p=$(awk '/to 200/ {print "p50 " $3 " p99 " $5 " p99.9 " $6 " us"}' "$work/out")
            echo "round $round $mode $kind: $cpu us CPU per call, $failed failed, $p"
            echo "$mode $kind $cpu" >> "$work/all"
            stop
        done
    done
    round=$((round + 1))
done
for mode in stateless stateful; do
    for kind in kamailio tandem; do
        awk -v m="$mode" -v k="$kind" '$1 == m && $2 == k {print $3}' "$work/all" | sort -n |
            awk -v m="$mode" -v k="$kind" '{v[NR] = $1} END {printf "median %s %s: %s us CPU per call\n", m, k, v[int((NR + 1) / 2)]}'
    done
done
