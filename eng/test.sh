#!/usr/bin/env bash
# Runs every test project, three at a time (tests wait for processes that they start), with the threads of tests/test.runsettings, and prints "N passed, N failed" at the end.
# If tests cannot run (not built, crashed, hung, none found), that counts as a failure.
# The tests of the page in a browser (eng/web-test.sh) count as a project named web.
# With arguments, runs only the named projects: eng/test.sh Hwaso.Data.Tests. HWASO_TEST_LANES=1 runs one at a time, and
# HWASO_TEST_SETTINGS names other settings. Tests with the trait Time=Long run with HWASO_TEST_ALL=1 alone (make test-all).
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

results="$root/TestResults"
rm -rf "$results"
mkdir -p "$results"
lanes="${HWASO_TEST_LANES:-3}"
chosen=(--filter "Time!=Long")
if [[ -n "${HWASO_TEST_ALL:-}" ]]; then chosen=(); fi

# The attribute `$2` of the <Counters> element in trx file `$1`; 0 where there is none.
counter() { sed -n 's/.*<Counters [^>]*\b'"$2"'="\([0-9]*\)".*/\1/p' "$1" 2>/dev/null | head -n 1 | grep . || echo 0; }

run_project() {
    local name="$1" dll="tests/$1/bin/$configuration/net10.0/$1.dll"
    local trx="$results/$name.trx" log="$results/$name.log" code=0 ok=0 bad=0 total=0 ran=0 began=$SECONDS why=""
    if [[ -f "$dll" ]]; then
        dotnet test "$dll" "${chosen[@]}" --settings "${HWASO_TEST_SETTINGS:-tests/test.runsettings}" --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
            --blame-hang-timeout 4m --blame-hang-dump-type none >"$log" 2>&1 || code=$?
        ok="$(counter "$trx" passed)" bad="$(counter "$trx" failed)" total="$(counter "$trx" total)" ran="$(counter "$trx" executed)"
    else
        why="not built"
    fi
    if grep -q '^Test Run Aborted' "$log" 2>/dev/null; then
        why="the test host crashed or hung"
    elif ((code != 0 && bad == 0)); then
        why="the test run ended with exit code $code"
    fi
    if [[ -z "$why" ]] && ((total == 0)) && grep -rqE --include='*.cs' '\[(Fact|Theory|Property)\b' "tests/$name" --exclude-dir=obj; then
        why="it has tests, but none was found"
    fi
    if [[ -n "$why" ]]; then bad=$((bad + 1)); fi
    printf '%d %d %d\n' "$ok" "$bad" "$((total - ran))" >"$results/$name.counts"
    {
        printf '%-24s %5d passed, %d failed%s  %4d s\n' "$name" "$ok" "$bad" "${why:+ ($why)}" "$((SECONDS - began))"
        if ((bad > 0)) && [[ -f "$log" ]]; then grep -v '^ *$' "$log" | cut -c 1-240 | sed 's/^/    /' | tail -n 80; fi
    } >"$results/$name.summary"
    cat "$results/$name.summary"
}

run_web() {
    local log="$results/web.log" began=$SECONDS ok=0 bad=1 left=0
    eng/web-test.sh "$results/web.counts" >"$log" 2>&1
    read -r ok bad left 2>/dev/null <"$results/web.counts"
    {
        printf '%-24s %5d passed, %d failed  %4d s\n' web "$ok" "$bad" "$((SECONDS - began))"
        if ((bad > 0 || left > 0)); then grep -v '^ *$' "$log" | cut -c 1-240 | sed 's/^/    /' | tail -n 80; fi
    } >"$results/web.summary"
    cat "$results/web.summary"
}

# A hung host leaves a core of gigabytes.
clean_up() { find "$results" -name "*.dmp" -delete; }
trap clean_up EXIT

# Tests start the command some hundred times; compiled ahead of time it starts in a third of the time.
if hwaso_is_ready; then export HWASO_TEST_COMMAND="$hwaso_ready/hwaso.dll"; fi

# The longest first, so that none of them is left alone at the end.
longest=(Hwaso.Models.Tests Hwaso.Training.Tests Hwaso.Cli.Tests Hwaso.Runtime.Tests Hwaso.Nn.Tests Hwaso.Inference.Tests web)
if (($#)); then
    projects=("$@")
else
    mapfile -t projects < <(cd tests && { printf '%s\n' "${longest[@]}"; ls -d ./*/*.csproj | sed 's|.*/||; s|\.csproj$||'; } | awk '!seen[$0]++')
fi
# Chromium's download, where it is missing, goes on beside the first projects.
if [[ " ${projects[*]} " == *" web "* ]]; then
    eng/packages.sh browser &
    disown
fi
# As in tests/test.runsettings, for the programs that run tests and for the server behind the page.
export DOTNET_TieredPGO=0
running=0
for project in "${projects[@]}"; do
    if ((running == lanes)); then wait -n; running=$((running - 1)); fi
    if [[ "$project" == web ]]; then run_web & else run_project "$project" & fi
    running=$((running + 1))
done
wait

# A project without counts was not run to its end: it counts as one failure.
read -r passed failed skipped < <(
    for project in "${projects[@]}"; do cat "$results/$project.counts" 2>/dev/null || echo 0 1 0; done |
        awk '{ ok += $1; bad += $2; left += $3 } END { print ok + 0, bad + 0, left + 0 }')
summary="$passed passed, $failed failed"
if ((skipped > 0)); then summary+=", $skipped skipped"; fi
say "$summary"
((failed == 0 && passed > 0))
