#!/usr/bin/env bash
# Builds native/, the solution (Release) and the page if something changed since the last build.
# `--native` builds native/ alone; `--command` builds native/ and the command, without tests and samples.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

# run LOG COMMAND…: prints nothing if the command succeeds, and its errors if it fails.
run() {
    local log="$1"
    shift
    "$@" >"$log" 2>&1 && return 0
    grep -E 'error|Error' "$log" | grep -vE '^ *[0-9]+ Error' | sort -u | head -n 30 >&2 || tail -n 30 "$log" >&2
    die "'$*' failed; its whole output is in $log"
}

build_native() {
    local out=native/build cache=native/build/CMakeCache.txt
    # CMake refuses a cache from another folder, for instance after the checkout was moved.
    if [[ -f "$cache" ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root/native" "$cache"; then rm -rf "$out"; fi
    mkdir -p "$out"
    local libtorch="${HWASO_LIBTORCH:-}"
    if [[ ! -f "$out/Makefile" && ! -f "$out/build.ninja" || ! -f "$out/libtorch-used" || "$(cat "$out/libtorch-used")" != "$libtorch" ]]; then
        run "$out/configure.log" cmake -S native -B "$out" -DCMAKE_BUILD_TYPE=Release -DHWASO_LIBTORCH="$libtorch"
        printf '%s' "$libtorch" >"$out/libtorch-used"
    fi
    [[ -f "$out/libhwaso_torch.so" ]] || say "Building native/ against ${libtorch:-the libtorch of the system} …"
    run "$out/build.log" cmake --build "$out" --parallel "$(nproc)"
}

# Current means: since the last good build no source, project or property file changed, and none was added to or removed from a folder.
solution_is_current() {
    local stamp=bin/solution-built project name
    [[ -f "$stamp" && -f "$hwaso_dll" ]] || return 1
    for project in tests/*/*.csproj; do
        name="$(basename "$project" .csproj)"
        [[ -f "tests/$name/bin/$configuration/net10.0/$name.dll" ]] || return 1
    done
    [[ -z "$(find Hwaso.slnx Directory.*.props .editorconfig src samples tests \( -name bin -o -name obj \) -prune -o -newer "$stamp" -print -quit)" ]]
}

build_solution() {
    local project
    solution_is_current && return 0
    mkdir -p bin
    say "Building Hwaso.slnx ($configuration) …"
    # A folder's time changes when something is added to it: create bin and obj before taking the time.
    for project in src/*/*.csproj samples/*/*.csproj tests/*/*.csproj; do mkdir -p "${project%/*}"/{bin,obj}; done
    touch bin/solution-begun
    # One compiler server for all projects, even if the environment turns it off: this halves the time.
    # What was compiled without analyzers looks current to MSBuild.
    local again=()
    if [[ -f bin/unanalysed ]]; then again=(--no-incremental); fi
    run bin/solution.log dotnet build Hwaso.slnx -c "$configuration" -v quiet -nologo -p:UseSharedCompilation=true "${again[@]}"
    rm -f bin/unanalysed
    # The stamp has the time at which the build began, so files edited meanwhile are built next time.
    mv bin/solution-begun bin/solution-built
}

# MSBuild decides what of it is out of date; a solution that is current needs no look. Analyzers, which take two thirds of the compiler's time,
# run when the solution is built.
build_command() {
    solution_is_current && return 0
    mkdir -p bin
    [[ -f "$hwaso_dll" ]] || say "Building the command ($configuration) …"
    touch bin/unanalysed
    run bin/command.log dotnet build src/Hwaso.Cli -c "$configuration" -v quiet -nologo -p:UseSharedCompilation=true -p:RunAnalyzers=false
}

# Saves half a second at every start. If the compiler, a NuGet package, is missing, ./hwaso runs the ordinary build.
precompile() {
    if hwaso_is_ready; then return 0; fi
    say "Compiling hwaso ahead of time …"
    dotnet build eng/precompile -c "$configuration" -v quiet -nologo >bin/precompile.log 2>&1 ||
        say "note: could not compile hwaso ahead of time, so it starts half a second slower; see bin/precompile.log for the reason"
}

# The two compilers need nothing of each other, and each has long phases on one core.
trap wait EXIT
build_native &
native=$!
if [[ -z "${1:-}" ]]; then eng/web.sh --optional & fi
case "${1:-}" in
    --native) ;;
    --command) build_command ;;
    *) build_solution ;;
esac
wait "$native"
if [[ -z "${1:-}" ]]; then
    precompile
    wait
fi
