#!/usr/bin/env bash
# Generates the table in docs/networks.md and the drawings beside it from the program.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

# One network of each architecture; where the structure is the same, a small one.
drawn=(hrnetv2-w18 hrnetv2-w48+psa-spatial hrnetv2-w48-ocr hrnet-w32-pose hrnetv2p-w18 hrnet-w18-cls resnet50 fcn-resnet50 deeplabv3-resnet50 unet-resnet50 sanet-resnet50 efficientnet-b0
    dinov2-vits14 dinov2-vits14-depth-dpt)

./hwaso models "${drawn[@]}" --draw docs/images/networks >/dev/null
table="$(mktemp)"
./hwaso models --markdown >"$table"
awk -v table="$table" '
    /^<!-- networks: end -->/ { inside = 0 }
    !inside { print }
    /^<!-- networks: begin/ { inside = 1; while ((getline line < table) > 0) print line }
' docs/networks.md >"$table.page"
cat "$table.page" >docs/networks.md
rm -f "$table" "$table.page"
say "docs/networks.md and docs/images/networks are up to date."

# The pages of the public API. docfx reads its settings' paths from where the settings lie.
site=bin/api-docs/site
mkdir -p bin/api-docs
cp eng/docfx/* bin/api-docs/
{ dotnet tool restore && dotnet docfx bin/api-docs/docfx.json --logLevel warning; } >bin/api-docs/log.txt 2>&1 ||
    die "docfx failed; its output is in bin/api-docs/log.txt"
say "The pages of the API are in $site: $(find "$site/api" -name '*.html' | wc -l) of them; open $site/index.html."
