#!/usr/bin/env bash
# Tries Hwaso with the libtorch of several Debian releases, each in a folder made by debootstrap: builds the door there, runs the tests of
# Torch, Nn and Models, and trainings that are stopped and resumed; writes benchmarks/results/libtorch.md. Needs root, debootstrap and
# some 2 GB for each release. Releases as arguments: only those, and the table is printed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

releases=(bookworm trixie forky)
roots="${HWASO_ROOTS:-$root/bin/roots}"
results=benchmarks/results/libtorch.md
projects=(Hwaso.Torch.Tests Hwaso.Nn.Tests Hwaso.Models.Tests)
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

# What a row consists of; each step prints its cell, and adds to the release's log. A release's /tmp holds the door and the tests' results.
build_door() {
    in_root "$1" "eng/packages.sh && cmake -S native -B /tmp/door && cmake --build /tmp/door --parallel" >"$roots/$1.log" 2>&1
}

door_standard() { sed -n 's/.*libtorch in [^:]*: \(C++[0-9]*\).*/\1/p' "$roots/$1.log" | tail -n 1; }

torch_version() { in_root "$1" "dotnet $checker smoke cpu" 2>>"$roots/$1.log" | sed -n 's/.*libtorch \([0-9.a-z+]*\),.*/\1/p'; }

# run_tests RELEASE PROJECT
run_tests() {
    local report="$roots/$1/tmp/results/$2.trx"
    rm -f "$report"
    in_root "$1" "dotnet test tests/$2/bin/$configuration/net10.0/$2.dll --settings tests/test.runsettings --results-directory /tmp/results \
        --logger 'trx;LogFileName=$2.trx' --blame-hang-timeout 4m --blame-hang-dump-type none" >>"$roots/$1.log" 2>&1 || true
    say "$(counter "$report" passed) passed, $(counter "$report" failed) failed"
}

resume_runs() {
    local lines
    lines="$(in_root "$1" "dotnet $checker check cpu training" 2>>"$roots/$1.log" | tee -a "$roots/$1.log" |
        grep 'stopped and resumed' || true)"
    say "$(grep -c '^ok' <<<"$lines") passed, $(grep -c '^FAIL' <<<"$lines") failed"
}

# Milliseconds, the median of nine calls: as segmenting does it, and in the other order of memory.
time_inference() {
    local format request
    for format in channels_last contiguous; do
        request='{"case": "inference", "width": "w18", "batch": 1, "size": [512, 512], "format": "'$format'", "threads": 2, "repeats": 9}'
        in_root "$1" "echo '$request' | dotnet $bench" 2>>"$roots/$1.log" |
            sed -n 's/.*"times_ms":\[\([^]]*\)\].*/\1/p' | tr ',' '\n' | sort -n | sed -n 5p | cut -d. -f1
    done | paste -sd/ | sed 's|/| / |'
}

# row RELEASE: the release's line of the table.
row() {
    local release="$1" cells="" name system
    make_root "$release" >&2
    system="$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$roots/$release/etc/os-release")"
    if ! build_door "$release"; then
        tail -n 5 "$roots/$release.log" >&2
        say "| $system | the door is not built; see $roots/$release.log | | | | | | |"
        return
    fi
    for name in "${projects[@]}"; do cells+=" $(run_tests "$release" "$name") |"; done
    say "| $system | $(torch_version "$release") | $(door_standard "$release") |$cells $(resume_runs "$release") |" \
        "$(time_inference "$release") ms |"
}

chosen=("$@")
((${#chosen[@]})) || chosen=("${releases[@]}")
table="$(mktemp)"
trap 'rm -f "$table"' EXIT
{
    say "# Hwaso with other versions of libtorch"
    say
    say "Written by \`make matrix\` on $(date +%F): each Debian release in a folder made by debootstrap, with this machine's .NET and tests."
    say "The door is built there from the same sources. The last column is HRNetV2-W18's inference of one 512×512 image (median of nine,"
    say "two threads): channels last, as segmenting does it, and contiguous."
    say
    say "| system | libtorch | built as | Torch | Nn | Models | resumed to the same bits | inference |"
    say "|---|---|---|---|---|---|---|--:|"
    for release in "${chosen[@]}"; do row "$release"; done
} | tee "$table"
if (($# == 0)); then cp "$table" "$results"; fi
! grep -qE '[1-9?][0-9]* failed|not built|\| \? ' "$table"
