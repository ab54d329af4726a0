#!/usr/bin/env bash
# Gives damaged files to every reader: weight files, ONNX, YAML, JSON, MATLAB and images. A seed that fails is printed.
# eng/fuzz.sh [--files N] [--seed S] [PROJECT...]: N files a reader (default 200000), seeds from S on (default 0)
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

export HWASO_FUZZ_FILES=200000 HWASO_FUZZ_SEED=0
projects=()
while (($#)); do
    case "$1" in
        --files) HWASO_FUZZ_FILES="$2"; shift 2 ;;
        --seed) HWASO_FUZZ_SEED="$2"; shift 2 ;;
        *) projects+=("$1"); shift ;;
    esac
done
((${#projects[@]})) || projects=(Hwaso.Recipes.Tests Hwaso.Imaging.Tests Hwaso.Data.Tests Hwaso.Checkpoints.Tests Hwaso.Runtime.Tests)
failed=0
for project in "${projects[@]}"; do
    echo "$project: $HWASO_FUZZ_FILES files a reader, seeds from $HWASO_FUZZ_SEED"
    dotnet test "tests/$project/bin/$configuration/net10.0/$project.dll" --filter 'FullyQualifiedName~FuzzTests' \
        --settings tests/test.runsettings --blame-hang-timeout 12h --blame-hang-dump-type none --nologo || failed=1
done
exit "$failed"
