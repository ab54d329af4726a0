# Sourced by the scripts in this folder: the repository's root, settings that keep tools quiet, say and die.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
configuration=Release
hwaso_dll="$root/src/Hwaso.Cli/bin/$configuration/net10.0/hwaso.dll"
hwaso_ready="$root/bin/hwaso"

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# True if $hwaso_ready holds the last build, compiled ahead of time.
hwaso_is_ready() {
    local file
    for file in "${hwaso_dll%/*}"/*.{dll,json}; do
        [[ ! "$file" -nt "$hwaso_ready/${file##*/}" ]] || return 1
    done
}

# True if npm has installed what the lock file of web/ names.
web_is_installed() { cmp -s "$root/web/package-lock.json" "$root/web/node_modules/.installed"; }

# True if web/dist holds the page of the present sources.
web_is_current() {
    local stamp="$root/web/dist/.built"
    [[ -f "$stamp" ]] && [[ -z "$(find "$root/web" \( -name node_modules -o -name dist -o -name tests -o -name test-results -o -name .lock \) -prune \
        -o -type f -newer "$stamp" -print -quit)" ]]
}
