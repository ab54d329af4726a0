#!/usr/bin/env bash
# Runs the cases of the operator tests on ONNX Runtime, compares every number with Hwaso.Runtime's, and records a part of them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

source eng/onnxruntime.sh
export HWASO_ONNXRUNTIME="$root/$peer/operators.mjs"
exec dotnet test "tests/Hwaso.Runtime.Tests/bin/$configuration/net10.0/Hwaso.Runtime.Tests.dll" --filter FullyQualifiedName~OnnxRuntimeOperatorTests
