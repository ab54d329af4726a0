#!/usr/bin/env bash
# Writes the NuGet packages and the tool into bin/packages, or into the folder given. The same commit gives the same bytes in every folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"
packages="$(mkdir -p "${1:-bin/packages}" && cd "${1:-bin/packages}" && pwd)"
rm -f "$packages"/*.{nupkg,snupkg}

# Hwaso.Server's package has the page.
eng/web.sh

# A build of its own: no path of this machine in any file, and the version of the nearest tag. Files in packages have the commit's time.
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" || die "packages take version and time from git, and this is no git checkout"
export SOURCE_DATE_EPOCH
# MSBuild divides properties at commas and semicolons, which folders may have in their names.
escaped() { sed 's/%/%25/g; s/,/%2C/g; s/;/%3B/g' <<<"$1"; }
settings=(-p:Configuration=Release -p:ContinuousIntegrationBuild=true -p:UseArtifactsOutput=true "-p:ArtifactsPath=$(escaped "$root/bin/pack-build/")"
    -p:UseSharedCompilation=true)
dotnet restore src/Hwaso.Cli -v quiet "${settings[@]}"
dotnet msbuild eng/pack/pack.proj -m -v:quiet -nologo "${settings[@]}" "-p:PackageOutputPath=$(escaped "$packages")"
ls "$packages"
