#!/usr/bin/env bash
# Packs the current commit from two clones in two folders and compares the packages byte by byte. Also checks version, commit and source
# links: the clones have a tag and the address of a repository that need not exist.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
folders=("$work/one" "$work/a second folder, 화소")

commit="$(git rev-parse HEAD)"

for folder in "${folders[@]}"; do
    git clone --quiet --no-checkout . "$folder"
    git -C "$folder" checkout --quiet --detach "$commit"
    git -C "$folder" remote set-url origin https://github.com/owner/hwaso
    git -C "$folder" tag v8.7.6
    say "Packing in $folder …"
    "$folder/eng/pack.sh" "$folder/packages" >"$folder.log" 2>&1 || { tail -n 30 "$folder.log" >&2; die "packing failed"; }
done

count=0
for file in "${folders[0]}/packages"/*; do
    name="${file##*/}"
    [[ "$name" == *.8.7.6.* ]] || die "$name: its version is not the tag's"
    cmp "$file" "${folders[1]}/packages/$name" || die "$name: the two packages differ"
    count=$((count + 1))
done
other="$(ls "${folders[1]}/packages" | wc -l)"
((count > 0 && count == other)) || die "$count packages in one folder, $other in the other"

mkdir "$work/package" "$work/symbols"
(cd "$work/package" && cmake -E tar xf "${folders[0]}/packages/Hwaso.Runtime.8.7.6.nupkg")
(cd "$work/symbols" && cmake -E tar xf "${folders[0]}/packages/Hwaso.Runtime.8.7.6.snupkg")
grep -q "commit=\"$commit\"" "$work/package/Hwaso.Runtime.nuspec" || die "the package does not name its commit"
grep -aq "raw.githubusercontent.com/owner/hwaso/$commit" "$work/symbols/lib/net10.0/Hwaso.Runtime.pdb" || die "the symbols have no source links"
if grep -raqF "$work" "$work/package" "$work/symbols"; then die "a file names the folder that it was built in"; fi
say "$count packages of commit ${commit:0:9}: the same bytes from two folders, with its version, commit and source links."
