#!/usr/bin/env bash
# Asks ONNX Runtime for its answers to the cases of the operator tests, holds Hwaso.Runtime to every number of them, and records them in little.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

source eng/onnxruntime.sh
export HWASO_ONNXRUNTIME="$root/$peer/operators.mjs"
exec dotnet test "tests/Hwaso.Runtime.Tests/bin/$configuration/net10.0/Hwaso.Runtime.Tests.dll" --filter FullyQualifiedName~OnnxRuntimeOperatorTests
