#!/usr/bin/env bash
# Trains in several processes under bad conditions, each process in a network namespace of its own: a link that is cut for 5 s, cut for
# ever, slow and narrow; then processes that are killed at random moments and started again. Every run must end with the weights of one left
# alone, or with a message that names the process. Needs root, iproute2 and python3. HWASO_KILLS: how many runs are killed (30).
# HWASO_PARTS: equal (networks of each kind for 20 steps in 2, 3 and 4 processes), peer (losses and speed beside PyTorch's
# DistributedDataParallel), links, slow, kills; all of them by default.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

parts="${HWASO_PARTS:-equal peer links slow kills}"
cd "$root"
if [[ "$parts" == *equal* ]]; then
    HWASO_SHARED_STEPS=20 dotnet test tests/Hwaso.Training.Tests -c "$configuration" --no-build --settings tests/test.runsettings \
        --filter FullyQualifiedName~SharedTrainingTests --logger 'console;verbosity=normal'
fi
if [[ "$parts" == *peer* ]]; then
    dotnet build benchmarks/Hwaso.Bench -c "$configuration" -v quiet -nologo
    python3 benchmarks/processes.py
fi
[[ "$parts" == *links* || "$parts" == *slow* || "$parts" == *kills* ]] || exit 0

[[ "$(id -u)" == 0 ]] || die "needs root: network namespaces do"
command -v ip >/dev/null || die "iproute2 is missing; apt-get install iproute2"
work="$(mktemp -d)"
# The shell would report every process that is killed here.
names=(hwaso0 hwaso1 hwaso2)
clean_up() {
    for name in "${names[@]}"; do ip netns pids "$name" 2>/dev/null | xargs -r kill -9 2>/dev/null || true; ip netns del "$name" 2>/dev/null || true; done
    ip link del hwaso-br 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
clean_up 2>/dev/null || true
mkdir -p "$work"

# connect K: a fast link between namespace K and the switch.
connect() {
    ip link add "hwv$1" type veth peer name eth0 netns "${names[$1]}"
    enter "$1"
}

# enter K: switch and namespace use the devices that stand there.
enter() {
    ip link set "hwv$1" master hwaso-br && ip link set "hwv$1" up
    ip -n "${names[$1]}" addr add "10.77.0.$(($1 + 1))/24" dev eth0
    ip -n "${names[$1]}" link set eth0 up && ip -n "${names[$1]}" link set lo up
}

# Three machines on one switch: 10.77.0.1, 10.77.0.2, 10.77.0.3.
ip link add hwaso-br type bridge && ip link set hwaso-br up
for k in 0 1 2; do
    ip netns add "${names[$k]}"
    connect "$k"
done

cat >"$work/small.yaml" <<'YAML'
name: small
seed: 7
model:
  family: hrnetv2
  stage1: {blocks: 1, channels: 8}
  stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
  stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
  stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
data: {layout: cityscapes}
augment: {crop: [32, 64]}
train:
  epochs: 40
  batch: 6
  optimizer: {learning_rate: 0.01, momentum: 0.9, weight_decay: 0.0001}
YAML
"$root/hwaso" scenes "$work/data" --layout cityscapes --count 12 --val 3 --size 64x128 --seed 5 >/dev/null 2>&1

# start RANK SIZE RUN OPTIONS…: a process in its namespace, in the background; its output goes to RUN.RANK.log.
start() {
    local rank="$1" size="$2" run="$3"
    shift 3
    ip netns exec "${names[$rank]}" env RANK="$rank" WORLD_SIZE="$size" LOCAL_RANK=0 LOCAL_WORLD_SIZE=1 MASTER_ADDR=10.77.0.1 \
        MASTER_PORT=29555 GLOO_SOCKET_IFNAME=eth0 "$root/hwaso" train "$work/small.yaml" --data "$work/data" --run "$work/$run" \
        --threads 1 --timeout 12 "$@" >"$work/$run.$rank.log" 2>&1 &
    pids[rank]=$!
}

# together SIZE RUN OPTIONS…: all of them.
together() {
    local size="$1" run="$2" rank
    shift 2
    pids=()
    for ((rank = 0; rank < size; rank++)); do start "$rank" "$size" "$run" "$@"; done
}

# finish: waits for all; the exit codes.
finish() {
    codes=()
    local pid
    for pid in "${pids[@]}"; do
        local code=0
        # The shell would report each process that was killed.
        { wait "$pid" || code=$?; } 2>/dev/null
        codes+=("$code")
    done
}

# The log has lines of steps once training runs.
await_steps() {
    for ((k = 0; k < 600; k++)); do [[ -s "$work/$1/metrics.jsonl" ]] && return 0; sleep 0.1; done
    die "$1 did not begin: $(tail -n 3 "$work/$1.0.log")"
}

failed=0
report() { printf '%-46s %s\n' "$1" "$2"; [[ "$2" == ok* ]] || failed=1; }

same() { cmp -s "$work/$1/checkpoints/last.safetensors" "$work/$2/checkpoints/last.safetensors"; }

# The checkpoint's recipe begins with the run's own path, so every run has the name of the undisturbed one while it trains.
alone() {
    together "$1" run
    finish
    [[ "${codes[*]}" =~ ^0(\ 0)*$ ]] || die "an undisturbed run failed: $(tail -n 3 "$work"/run.*.log)"
    rm -rf "$work/alone$1" && mv "$work/run" "$work/alone$1"
}

try_links() {
    for size in 2 3; do
        alone "$size"

        together "$size" run
        await_steps run
        ip link set hwv1 down; sleep 5; ip link set hwv1 up
        finish
        report "$size processes, a link cut for 5 s" "$([[ "${codes[*]}" =~ ^0(\ 0)*$ ]] && same run "alone$size" && echo "ok, same weights" || echo "FAILED: exit ${codes[*]}, $(tail -n 1 "$work/run.0.log")")"
        rm -rf "$work/run"

        together "$size" run --set train.epochs=4000
        await_steps run
        began=$SECONDS
        ip link set hwv1 down
        finish
        ip link set hwv1 up
        said="$(cat "$work"/run.*.log | grep -c 'process 1 of .* silent\|process 0 at .* silent\|is gone' || true)"
        report "$size processes, a link cut for ever" "$([[ ! " ${codes[*]} " =~ " 0 " ]] && ((said > 0)) && echo "ok, ended after $((SECONDS - began)) s: $(grep -h 'hwaso train:' "$work/run.0.log" | tail -n 1 | cut -c 1-110)" || echo "FAILED: exit ${codes[*]}, $(tail -n 1 "$work/run.0.log")")"
        rm -rf "$work/run"
    done
}

# Many kernels lack netem, so frames pass a program that holds them back.
slow() {
    ip link del hwv1
    python3 eng/slow-link.py hwv1 hwtap1 20 20 >"$work/link.log" 2>&1 &
    link=$!
    for ((k = 0; k < 100; k++)); do [[ -s "$work/link.log" ]] && break; sleep 0.1; done
    grep -qx up "$work/link.log" || return 1
    ip link set hwtap1 netns "${names[1]}" && ip -n "${names[1]}" link set hwtap1 name eth0
    enter 1
}

try_slow() {
    local trip
    if ! slow; then
        report "2 processes, a slow link" "ok, not tried: $(tail -n 1 "$work/link.log")"
        connect 1
        return
    fi
    # A port where nobody listens answers after one round trip; the first one also asks for the other's address.
    trip="$(ip netns exec "${names[0]}" python3 -c 'import socket, time
for _ in range(2):
    began = time.monotonic()
    socket.socket().connect_ex(("10.77.0.2", 9))
print(round(1000 * (time.monotonic() - began)))')"
    together 2 run --set train.epochs=10
    finish
    { kill "$link" && wait "$link"; } 2>/dev/null || true
    connect 1
    rm -rf "$work/slow" && mv "$work/run" "$work/slow"
    together 2 run --set train.epochs=10
    finish
    report "2 processes, a link of 20 Mbit/s, round trip $trip ms" "$(same run slow && echo "ok, same weights" || echo FAILED)"
    rm -rf "$work/run" "$work/slow"
}
if [[ "$parts" == *links* ]]; then try_links; fi
if [[ "$parts" == *slow* ]]; then try_slow; fi
[[ "$parts" == *kills* ]] || exit "$failed"

kills="${HWASO_KILLS:-30}"
seed="${HWASO_KILL_SEED:-$RANDOM}"
RANDOM=$seed
began=$SECONDS
alone 2
whole_ms=$(((SECONDS - began) * 1000 + 500))
bad=0
for ((k = 0; k < kills; k++)); do
    resume=()
    for ((try = 0; ; try++)); do
        together 2 run "${resume[@]}"
        if ((try < 2)); then
            at=$((RANDOM % whole_ms)) victim=$((RANDOM % 2))
            sleep "$((at / 1000)).$(printf '%03d' $((at % 1000)))"
            pkill -9 -P "${pids[$victim]}" 2>/dev/null || true
            kill -9 "${pids[$victim]}" 2>/dev/null || true
        fi
        finish
        [[ -d "$work/run/checkpoints" ]] && resume=(--resume) || resume=()
        [[ "${codes[*]}" == "0 0" ]] && break
        ((try < 6)) || break
    done
    same run alone2 || { bad=$((bad + 1)); say "seed $seed, run $k: weights differ, exit ${codes[*]}: $(tail -n 1 "$work/run.0.log")"; }
    rm -rf "$work/run"
    say "run $((k + 1)) of $kills: killed $((try < 2 ? try : 2)) times, $bad differ"
done
report "$kills runs killed at random moments (seed $seed)" "$( ((bad == 0)) && echo "ok, resumed to the same weights" || echo "FAILED: $bad differ")"
exit "$failed"
