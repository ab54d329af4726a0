#!/usr/bin/env bash
# Tries Hwaso with the libtorch of several Debian releases, each in a folder made by debootstrap: builds the door there, runs the tests of
# Torch, Nn and Models, stops and resumes trainings, times inference; writes benchmarks/results/libtorch.md. Needs root, debootstrap and
# some 2 GB for each release.
#   eng/matrix.sh [--continue] [RELEASE…]   all releases, or some, whose table is printed only; --continue keeps the steps that are done
#   eng/matrix.sh --table                   runs nothing, and writes the table of the steps that are done
#   eng/matrix.sh --step STEP RELEASE       one step again: root, door, Hwaso.Torch.Tests, Hwaso.Nn.Tests, Hwaso.Models.Tests or resume
#   eng/matrix.sh --step inference          times all releases in turn
#   eng/matrix.sh --run RELEASE COMMAND     a command in a release's folder, in this checkout (eng/packages.sh peers installs PyTorch)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

releases=(bookworm trixie forky)
roots="${HWASO_ROOTS:-$root/bin/roots}"
results=benchmarks/results/libtorch.md
steps=(root door Hwaso.Torch.Tests Hwaso.Nn.Tests Hwaso.Models.Tests resume)
checker="eng/device/Hwaso.DeviceCheck/bin/$configuration/net10.0/device-check.dll"
bench="benchmarks/Hwaso.Bench/bin/$configuration/net10.0/Hwaso.Bench.dll"
dotnet_home="$(dirname "$(readlink -f "$(command -v dotnet)")")"

[[ "$(id -u)" == 0 ]] || die "needs root: debootstrap, mount and chroot do"
command -v debootstrap >/dev/null || die "debootstrap is missing; apt-get install debootstrap"

# Makes a release's folder, once. New releases have no script of their own; that of unstable serves them.
make_root() {
    local release="$1" folder="$roots/$1" mirror script=()
    [[ ! -f "$folder/hwaso-ready" ]] || return 0
    mirror="$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p' | head -n 1)"
    [[ -n "$mirror" ]] || die "apt knows no Debian mirror"
    [[ -e "/usr/share/debootstrap/scripts/$release" ]] || script=(sid)
    say "Making $folder …"
    rm -rf "$folder"
    mkdir -p "$folder"
    debootstrap --variant=minbase --include=ca-certificates,make "$release" "$folder" "$mirror" "${script[@]}" >"$folder.log" 2>&1 ||
        die "debootstrap failed; see $folder.log"
    # A mirror's copy of a release in preparation may be older than its index allows; the index's signature is checked all the same.
    say 'Acquire::Check-Valid-Until "false";' >"$folder/etc/apt/apt.conf.d/99hwaso"
    rm -f "$folder"/var/cache/apt/archives/*.deb
    touch "$folder/hwaso-ready"
}

# in_root RELEASE COMMAND: a shell command in a release's folder, in which this checkout and .NET stand where they stand here.
in_root() {
    local folder="$roots/$1"
    mkdir -p "$folder$root" "$folder$dotnet_home"
    unshare --mount bash -c '
        mount --rbind "$2" "$1$2" && mount --rbind "$3" "$1$3" && mount -t proc proc "$1/proc" && mount --rbind /sys "$1/sys" &&
        mount --rbind /dev "$1/dev" &&
        exec chroot "$1" env HOME=/tmp PATH="$3:/usr/sbin:/usr/bin:/sbin:/bin" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1 \
            DOTNET_CLI_TELEMETRY_OPTOUT=1 DEBIAN_FRONTEND=noninteractive HWASO_NATIVE=/tmp/door/libhwaso_torch.so \
            bash -c "cd $2 && $4"' - "$folder" "$root" "$dotnet_home" "$2"
}

# The attribute $2 of the <Counters> element in trx file $1.
counter() { sed -n 's/.*<Counters [^>]*\b'"$2"'="\([0-9]*\)".*/\1/p' "$1" 2>/dev/null | head -n 1 | grep . || echo '?'; }

# The steps. Each prints its result, which becomes a file in the release's folder of results. A release's /tmp holds the door.
step_root() { make_root "$1" >&2 && sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$roots/$1/etc/os-release"; }

step_door() {
    local log="$roots/$1/tmp/door.log"
    rm -rf "$roots/$1/tmp/door"
    if ! in_root "$1" "eng/packages.sh && cmake -S native -B /tmp/door && cmake --build /tmp/door --parallel $(nproc)" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        say "not built, see $log |"
        return
    fi
    say "$(in_root "$1" "dotnet $checker smoke cpu" 2>>"$log" | sed -n 's/.*libtorch \([0-9.a-z+]*\),.*/\1/p') |" \
        "$(sed -n 's/.*libtorch in [^:]*: \(C++[0-9]*\).*/\1/p' "$log" | tail -n 1)"
}

# step_tests RELEASE PROJECT
step_tests() {
    local report="$roots/$1/tmp/results/$2.trx"
    rm -f "$report"
    in_root "$1" "dotnet test tests/$2/bin/$configuration/net10.0/$2.dll --settings tests/test.runsettings --results-directory /tmp/results \
        --logger 'trx;LogFileName=$2.trx' --blame-hang-timeout 4m --blame-hang-dump-type none" >"$roots/$1/tmp/$2.log" 2>&1 || true
    say "$(counter "$report" passed) passed, $(counter "$report" failed) failed"
}

step_resume() {
    local log="$roots/$1/tmp/resume.log"
    in_root "$1" "dotnet $checker check cpu training" >"$log" 2>&1 || true
    say "$(grep -c '^ok.*stopped and resumed' "$log") passed, $(grep -c '^FAIL.*stopped and resumed' "$log") failed"
}

# run_step RELEASE STEP: unless its result is there.
run_step() {
    local file="$roots/$1.results/$2" result
    [[ ! -f "$file" ]] || return 0
    mkdir -p "${file%/*}"
    say "$(date +%T) $1: $2" >&2
    case "$2" in
        *.Tests) result="$(step_tests "$1" "$2")" ;;
        root | door | resume) result="$(step_$2 "$1")" ;;
        *) die "no step '$2'; steps: ${steps[*]} inference" ;;
    esac
    say "$result" >"$file"
    say "$result" >&2
}

# time_once RELEASE FORMAT: milliseconds of five calls in one process, and the processors' time of each, a line of both.
time_once() {
    local request
    request='{"case": "inference", "network": "hrnetv2-w18", "batch": 1, "size": [512, 512], "format": "'$2'", "threads": 2, "repeats": 5}'
    in_root "$1" "echo '$request' | dotnet $bench" 2>/dev/null |
        sed -n 's/.*"times_ms":\[\([^]]*\)\],"cpu_ms":\([0-9.]*\).*/\1 \2/p' |
        awk '{ n = split($1, t, ","); for (k = 1; k <= n; k++) print t[k], $2 }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.0f\n", v[int((NR + 1) / 2)] }'; }

# The releases take turns, so that what else the machine does slows all of them. Each round leaves its result, should the next be cut off.
time_inference() {
    local release format round results
    for release in "$@"; do mkdir -p "$roots/$release.results" && rm -f "$roots/$release.results"/{times-*,inference}; done
    for round in 1 2 3; do
        for format in channels_last contiguous; do
            for release in "$@"; do time_once "$release" "$format" >>"$roots/$release.results/times-$format"; done
        done
        for release in "$@"; do
            results="$roots/$release.results"
            for format in channels_last contiguous; do
                say "$(cut -d' ' -f1 "$results/times-$format" | median) ms ($(cut -d' ' -f2 "$results/times-$format" | median))"
            done | paste -sd'|' | sed 's/|/ | /' >"$results/inference"
        done
        say "$(date +%T) inference: round $round of 3" >&2
    done
}

# row RELEASE: the release's line of the table.
row() {
    local step cells=""
    for step in "${steps[@]}"; do cells+=" $(cat "$roots/$1.results/$step" 2>/dev/null || say '?') |"; done
    cells+=" $(cat "$roots/$1.results/inference" 2>/dev/null || say '? | ?') |"
    say "|$cells"
}

if [[ "${1:-}" == --run ]]; then
    (($# >= 3)) || die "usage: eng/matrix.sh --run RELEASE COMMAND…"
    make_root "$2" >&2
    in_root "$2" "${*:3}"
    exit
fi

keep="" run=yes
if [[ "${1:-}" == --continue ]]; then
    keep=yes
    shift
elif [[ "$*" == --table ]]; then
    run=""
    shift
elif [[ "${1:-}" == --step ]]; then
    [[ $# == 3 || "$*" == "--step inference" ]] || die "usage: eng/matrix.sh --step STEP RELEASE, or --step inference"
    if [[ "$2" == inference ]]; then
        time_inference "${releases[@]}"
    else
        rm -f "$roots/$3.results/$2"
        run_step "$3" "$2"
    fi
    exit
fi
chosen=("$@")
((${#chosen[@]})) || chosen=("${releases[@]}")
if [[ -n "$run" ]]; then
    for release in "${chosen[@]}"; do
        [[ -n "$keep" ]] || rm -rf "$roots/$release.results"
        for step in "${steps[@]}"; do run_step "$release" "$step"; done
    done
    for release in "${chosen[@]}"; do
        [[ -f "$roots/$release.results/inference" ]] || { time_inference "${chosen[@]}" && break; }
    done
fi
table="$(mktemp)"
trap 'rm -f "$table"' EXIT
{
    say "# Hwaso with other versions of libtorch"
    say
    say "Written by \`make matrix\` on $(date +%F): each Debian release in a folder made by debootstrap, with this machine's .NET and tests."
    say "The door is built there from the same sources. The last columns are HRNetV2-W18's inference of one 512×512 image on two threads, in"
    say "both orders of memory; segmenting uses channels last. The releases take turns, three rounds of five calls; the numbers are medians:"
    say "the time that passed and, in brackets, what it took of the processors. Where other programs run, compare those in brackets."
    say
    say "| system | libtorch | built as | Torch | Nn | Models | resumed to the same bits | channels last | contiguous |"
    say "|---|---|---|---|---|---|---|--:|--:|"
    for release in "${chosen[@]}"; do row "$release"; done
    say
    say "A question mark is a step that was not run to its end."
} | tee "$table"
if (($# == 0)); then cp "$table" "$results"; fi
! grep -qE '[1-9?][0-9]* failed| 0 passed|not built|\| \? ' "$table"
