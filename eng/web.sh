#!/usr/bin/env bash
# Builds the page (web/) into web/dist if something changed since the last build. It installs npm's packages first if the lock file changed.
# `--optional` prints a note instead of failing if node or npm is missing: everything but the page works without them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root/web"

fail() {
    if [[ "$mode" == --optional ]]; then say "note: $1; the page is not built, and everything else works"; exit 0; fi
    die "$1"
}

mode="${1:-}"
if web_is_current; then exit 0; fi
command -v node npm >/dev/null || fail "node and npm are missing; the page needs Node.js 20.19 or later (https://nodejs.org)"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "node $(node --version) is too old for the page, which needs 20.19 or later (https://nodejs.org)"

# Two at once would write the same files.
exec 9>"$root/web/.lock"
flock 9
if web_is_current; then exit 0; fi
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
if ! web_is_installed; then
    say "Installing the page's npm packages (web/package-lock.json) …"
    # --ignore-scripts: no package runs a program of its own.
    npm ci --ignore-scripts --no-audit --no-fund --silent >"$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "npm could not install the packages of web/package-lock.json (its last lines are above)"; }
    cp package-lock.json node_modules/.installed
fi
say "Building the page …"
touch .begun
npx vite build --logLevel warn >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "the page could not be built (the last lines are above)"; }
# The stamp has the time at which the build began, so files edited meanwhile are built next time.
mv .begun dist/.built
