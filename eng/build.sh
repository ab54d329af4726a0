#!/usr/bin/env bash
# Builds native/ and the solution (Release) where something changed since the last time. `--native` stops after native/.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

# run LOG COMMAND…: quiet when it works; when it fails, its output.
run() {
    local log="$1"
    shift
    "$@" >"$log" 2>&1 && return 0
    grep -E 'error|Error' "$log" | grep -vE '^ *[0-9]+ Error' | sort -u | head -n 30 >&2 || tail -n 30 "$log" >&2
    die "'$*' failed; everything it said is in $log"
}

build_native() {
    local out=native/build cache=native/build/CMakeCache.txt
    # CMake refuses a cache that was made in another folder, as after moving the checkout.
    if [[ -f "$cache" ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root/native" "$cache"; then rm -rf "$out"; fi
    mkdir -p "$out"
    local libtorch="${HWASO_LIBTORCH:-}"
    if [[ ! -f "$out/Makefile" && ! -f "$out/build.ninja" || ! -f "$out/libtorch-used" || "$(cat "$out/libtorch-used")" != "$libtorch" ]]; then
        run "$out/configure.log" cmake -S native -B "$out" -DCMAKE_BUILD_TYPE=Release -DHWASO_LIBTORCH="$libtorch"
        printf '%s' "$libtorch" >"$out/libtorch-used"
    fi
    [[ -f "$out/libhwaso_torch.so" ]] || say "Building native/ against ${libtorch:-the libtorch of the system} …"
    run "$out/build.log" cmake --build "$out" --parallel
}

# Newer than the last good build: any source, project or property file, or a folder in which one appeared or went.
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
    # A folder's time moves when something appears in it: let bin and obj do so before the clock starts.
    for project in src/*/*.csproj samples/*/*.csproj tests/*/*.csproj; do mkdir -p "${project%/*}"/{bin,obj}; done
    touch bin/solution-begun
    # One compiler for all projects, also where the environment keeps msbuild from leaving it running: half the time.
    run bin/solution.log dotnet build Hwaso.slnx -c "$configuration" -v quiet -nologo -p:UseSharedCompilation=true
    # The time at which the build began: what was edited meanwhile is built next time.
    mv bin/solution-begun bin/solution-built
}

# Half a second less for every start. Without the compiler, which is a package, ./hwaso runs what was built.
precompile() {
    if hwaso_is_ready; then return 0; fi
    say "Compiling hwaso ahead of time …"
    dotnet build eng/precompile -c "$configuration" -v quiet -nologo >bin/precompile.log 2>&1 ||
        say "note: hwaso is not compiled ahead of time and starts half a second slower; bin/precompile.log says why"
}

build_native
if [[ "${1:-}" != --native ]]; then
    build_solution
    precompile
fi
