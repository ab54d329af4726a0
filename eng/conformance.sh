#!/usr/bin/env bash
# Runs ONNX's operator tests on Hwaso.Runtime and prints how many pass, by operator.
# HWASO_ONNX_NODE_TESTS names an archive of them (NAME/model.onnx, NAME/test_data_set_N/…); without it, the selection in
# tests/fixtures runs.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet test tests/Hwaso.Runtime.Tests -c Release --no-build --settings tests/test.runsettings \
    --filter FullyQualifiedName~Conformance --logger "console;verbosity=detailed" |
    grep -E '(pass, |^ *[a-z0-9]+ +[0-9]+ of [0-9]+|^ *(wrong|refused|disputed) test_)' | sed 's/^ *//'
