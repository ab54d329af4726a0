#!/usr/bin/env bash
# Installs the packed tool into a temporary folder and runs a command that needs libtorch twice: the first run builds the native library
# from the package's sources. An argument names the libtorch to build against.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache"
if [[ -n "${1:-}" ]]; then export HWASO_LIBTORCH="$1"; fi
dotnet tool install --tool-path "$work/tool" --add-source bin/packages hwaso
for run in first second; do
    began=$SECONDS
    "$work/tool/hwaso" bench resnet18 --size 64x64 --runs 1
    say "The $run run took $((SECONDS - began)) s."
done
"$work/tool/hwaso" --version | head -n 3
