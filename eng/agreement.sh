#!/usr/bin/env bash
# Every architecture of the zoo exported and computed by libtorch, ONNX Runtime and Hwaso.Runtime, into benchmarks/results/agreement.md.
# Arguments: names of networks instead.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

source eng/onnxruntime.sh
bench="benchmarks/Hwaso.Bench/bin/$configuration/net10.0/Hwaso.Bench.dll"
if (($#)); then
    exec dotnet "$bench" agreement "$peer/agree.mjs" "$@"
fi
part="$(mktemp)"
trap 'rm -f "$part"' EXIT
code=0
dotnet "$bench" agreement "$peer/agree.mjs" | tee "$part" || code=$?
cp "$part" benchmarks/results/agreement.md
exit "$code"
