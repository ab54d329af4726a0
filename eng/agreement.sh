#!/usr/bin/env bash
# Runs every architecture of the zoo on libtorch and its exports on ONNX Runtime and Hwaso.Runtime; writes benchmarks/results/agreement.md.
# Also records ONNX Runtime's answers for the test of small detectors. With names of networks as arguments, runs only those and prints the table.
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
# What the test of small detectors compares with.
HWASO_ONNXRUNTIME="$root/$peer/agree.mjs" dotnet test "tests/Hwaso.Inference.Tests/bin/$configuration/net10.0/Hwaso.Inference.Tests.dll" \
    --filter FullyQualifiedName~ExportedDetectorTests
exit "$code"
