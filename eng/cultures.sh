#!/usr/bin/env bash
# Runs test projects under cultures that write numbers with a comma, dates another way round, or an I without a dot: texts and files must
# not change. Needs ICU. With arguments, only the named projects; by default those whose rooms write texts and files (the command itself
# always runs under the invariant culture).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"
projects=("$@")
(($#)) || projects=(Hwaso.{Checkpoints,Data,Graph,Imaging,Inference,Metrics,Nn,Onnx,Recipes,Reports,Runtime,Scenes,Training}.Tests)
settings="$(mktemp --suffix=.runsettings)"
trap 'rm -f "$settings"' EXIT
failed=0
for culture in de-DE ko-KR tr-TR; do
    # .NET takes the culture from LC_ALL; HWASO_CULTURE makes a test check that it did.
    sed "s|<DOTNET_SYSTEM_GLOBALIZATION_INVARIANT>1<.*|<DOTNET_SYSTEM_GLOBALIZATION_INVARIANT>0</DOTNET_SYSTEM_GLOBALIZATION_INVARIANT>\
<LC_ALL>${culture/-/_}.UTF-8</LC_ALL><HWASO_CULTURE>$culture</HWASO_CULTURE>|" tests/test.runsettings >"$settings"
    say "$culture:"
    HWASO_TEST_SETTINGS="$settings" eng/test.sh "${projects[@]}" || failed=1
done
exit "$failed"
