# Sourced by the scripts beside it: the repository's root, quiet tools, and one way to complain.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
configuration=Release
hwaso_dll="$root/src/Hwaso.Cli/bin/$configuration/net10.0/hwaso.dll"

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
