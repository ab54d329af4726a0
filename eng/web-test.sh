#!/usr/bin/env bash
# Checks the types of the page and tests it in Debian's Chromium, on a real server. Installs npm's packages and the browser if they are missing.
# Writes "PASSED FAILED SKIPPED" into the file given, for eng/test.sh. Without node it skips everything and says so.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
counts="${1:-/dev/null}"

end() { printf '%d %d %d\n' "$1" "$2" "$3" >"$counts"; say "$4"; exit "$5"; }

if ! command -v node npm >/dev/null; then end 0 0 1 "node and npm are missing: the page is not tested" 0; fi
"$root/eng/packages.sh" browser || end 0 1 0 "the browser cannot be installed" 1
"$root/eng/web.sh" || end 0 1 0 "the page cannot be built" 1
cd "$root/web"
rm -rf test-results
# The types are checked while the server of the tests starts.
node_modules/.bin/svelte-check --fail-on-warnings --output human &
types=$!
code=0
HWASO_CHROMIUM="$(command -v chromium)" node_modules/.bin/playwright test || code=$?
wait "$types" || end 0 1 0 "types are wrong" 1
read -r passed failed skipped < <(node -e '
    const { stats } = JSON.parse(require("fs").readFileSync("test-results/results.json", "utf8"))
    console.log(stats.expected + stats.flaky, stats.unexpected, stats.skipped)' 2>/dev/null || echo 0 1 0)
# The types are one test. A run that ended badly without a failed test, or without any, has failed.
if ((failed == 0)) && ((code != 0 || passed == 0)); then failed=1; fi
end "$((passed + 1))" "$failed" "$skipped" "$((passed + 1)) passed, $failed failed" "$((failed > 0))"
