#!/usr/bin/env bash
# Installs missing system packages that Hwaso needs, and prints each with its purpose. Prints nothing if none is missing.
# With `browser`, installs those that the page's tests need alone. With `peers`, also installs those that benchmarks/ compares with; with `native`, those that `make native` needs for linux-arm64.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# package | purpose. A tool counts as present if its command exists, whoever installed it.
tools=(
    "g++|compiles native/, the door to libtorch"
    "cmake|configures native/"
    "make|builds native/"
)
libraries=()
if [[ -z "${HWASO_LIBTORCH:-}" ]]; then
    libraries+=(
        "libtorch-dev|tensors, operators and autograd (set HWASO_LIBTORCH to use another libtorch)"
        "libgloo-dev|several processes that train as one exchange gradients by it"
        "libopenblas0-pthread|fast matrix products; the reference BLAS is 25 times slower"
    )
elif [[ ! -d "$HWASO_LIBTORCH/include" || ! -d "$HWASO_LIBTORCH/lib" ]]; then
    die "HWASO_LIBTORCH=$HWASO_LIBTORCH has no include/ and lib/ folders; set it to an unpacked libtorch or to the torch folder of a Python installation"
fi

if [[ "${1:-}" == peers ]]; then
    libraries+=(
        "python3-torch|PyTorch, for comparison"
        "python3-torchvision|its deformable convolution, for comparison"
        "python3-opencv|the usual way to load images in Python, for comparison"
    )
fi

if [[ "${1:-}" == native ]]; then
    libraries+=(
        "gcc-aarch64-linux-gnu|links the program segment for linux-arm64"
        "libc6-dev-arm64-cross|the C library that it is linked with, and runs with under qemu"
        "qemu-user|runs it on this machine, to compare its labels"
    )
fi

if [[ "${1:-}" == browser ]]; then
    tools=("chromium|shows the page to its tests")
    libraries=("fonts-nanum|Korean letters for the browser")
fi

check_dotnet() {
    if ! command -v dotnet >/dev/null; then
        die "the .NET 10 SDK is missing; install it from https://dotnet.microsoft.com/download/dotnet/10.0 and put 'dotnet' on PATH"
    fi
    # Looking at the folder saves the half second that running dotnet takes; unusual installations still need it.
    local home
    home="$(dirname "$(readlink -f "$(command -v dotnet)")")"
    compgen -G "$home/sdk/10.*" >/dev/null || dotnet --list-sdks | grep -q '^10\.' ||
        die "the .NET 10 SDK is missing, only these are installed: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' '); install it from https://dotnet.microsoft.com/download/dotnet/10.0"
}

find_missing() {
    missing=()
    local entry package installed
    for entry in "${tools[@]}"; do
        package="${entry%%|*}"
        command -v "$package" >/dev/null || missing+=("$entry")
    done
    # dpkg-query fails if it does not know one of the names; its output about the others is still valid.
    installed="$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${libraries[@]%%|*}" 2>/dev/null || true)"
    for entry in "${libraries[@]}"; do
        grep -qxF "installed ${entry%%|*}" <<<"$installed" || missing+=("$entry")
    done
}

install_missing() {
    local names=("${missing[@]%%|*}") entry log as_root=()
    say "Installing with apt-get:"
    for entry in "${missing[@]}"; do printf '  %-22s %s\n' "${entry%%|*}" "${entry#*|}"; done
    if [[ "$(id -u)" != 0 ]]; then
        command -v sudo >/dev/null || die "installing needs root, and sudo is missing; as root, run: apt-get install ${names[*]}"
        as_root=(sudo)
    fi
    log="$(mktemp)"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)
    if ! "${apt[@]}" update >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        die "apt-get update failed (its last lines are above); check the network connection"
    fi
    say "  … this takes a minute or two"
    if ! "${apt[@]}" install -y --no-install-recommends "${names[@]}" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        die "apt-get could not install ${names[*]} (its last lines are above)"
    fi
    rm -f "$log"
}

warn_of_slow_blas() {
    [[ "${1:-}" != browser ]] || return 0
    [[ -z "${HWASO_LIBTORCH:-}" ]] || return 0
    local link active
    for link in /etc/alternatives/libblas.so.3-*; do
        [[ -e "$link" ]] || continue
        active="$(readlink -f "$link")"
        case "$active" in
            *openblas-pthread* | *openblas-openmp* | *mkl* | *blis*) ;;
            *)
                say "warning: $active is the active BLAS: matrix products will be many times slower than with OpenBLAS." \
                    "To change it: update-alternatives --config $(basename "$link")" >&2
                ;;
        esac
    done
}

if [[ "${1:-}" != browser ]]; then check_dotnet; fi
if ! command -v apt-get >/dev/null; then
    say "apt-get is missing, so nothing is installed. Hwaso needs these packages, under the names of your system:"
    for entry in "${tools[@]}" "${libraries[@]}"; do printf '  %-22s %s\n' "${entry%%|*}" "${entry#*|}"; done
    exit 0
fi
# Two at once would fight for apt's lists.
exec 8>"${TMPDIR:-/tmp}/hwaso-packages-$(id -u).lock"
flock 8
find_missing
if ((${#missing[@]})); then install_missing; fi
warn_of_slow_blas "${1:-}"
