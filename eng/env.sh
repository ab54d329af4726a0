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
