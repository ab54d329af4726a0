#!/usr/bin/env bash
# Kills training at random moments, resumes it, and compares its bits with those of a run left alone. The seed of each run is printed.
# eng/fire.sh [--runs N] [--seed S]: N runs (default 100), seeds from S on (default: another each time)
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

export HWASO_KILLS=100
while (($#)); do
    case "$1" in
        --runs) HWASO_KILLS="$2"; shift 2 ;;
        --seed) export HWASO_KILL_SEED="$2"; shift 2 ;;
        *) echo "eng/fire.sh [--runs N] [--seed S]" >&2; exit 2 ;;
    esac
done
dotnet test "tests/Hwaso.Cli.Tests/bin/$configuration/net10.0/Hwaso.Cli.Tests.dll" --filter 'FullyQualifiedName~KilledTrainingTests' \
    --settings tests/test.runsettings --blame-hang-timeout 12h --blame-hang-dump-type none --nologo --logger 'console;verbosity=detailed'
