#!/usr/bin/env bash
# Compiles samples/Segment ahead of time into bin/native/linux-x64/segment and bin/native/linux-arm64/segment: one file each, with no .NET
# beside it. With a model and an image, runs both and compares their labels with those of ./hwaso predict (Arm's under qemu-aarch64).
#   eng/native.sh [MODEL.onnx IMAGE]
# HWASO_INSTRUCTIONS: the least processor that the file for x64 runs on, as the compiler's --instruction-set names it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"
instructions="${HWASO_INSTRUCTIONS:-x86-64-v3}"
most=$((12 * 1000 * 1000))

compile() {
    local machine="$1" to="bin/native/$1"
    shift
    rm -rf "$to"
    # A folder of its own for intermediate files: another machine's packages do not get into the ordinary build.
    dotnet publish samples/Segment -c "$configuration" -r "$machine" -v quiet -nologo -p:UseSharedCompilation=true -p:Native=true \
        -p:UseArtifactsOutput=true "-p:ArtifactsPath=$root/bin/native-build/" -o "bin/native-build/$machine" "$@"
    mkdir -p "$to"
    mv "bin/native-build/$machine/Segment" "$to/segment"
    local bytes
    bytes="$(stat -c %s "$to/segment")"
    ((bytes <= most)) || die "$to/segment has $bytes bytes; at most $most were wanted"
    say "$to/segment: $bytes bytes"
}

compile linux-x64 "-p:IlcInstructionSet=$instructions"
# A gcc for one machine does not know clang's --target.
mkdir -p bin/native-build
linker="$root/bin/native-build/linker"
printf '#!/usr/bin/env bash\nexec aarch64-linux-gnu-gcc "${@/#--target=*/-pthread}"\n' >"$linker"
chmod +x "$linker"
compile linux-arm64 "-p:CppCompilerAndLinker=$linker" -p:ObjCopyName=aarch64-linux-gnu-objcopy
[[ $# -gt 0 ]] || exit 0
[[ $# -eq 2 ]] || die "usage: eng/native.sh [MODEL.onnx IMAGE]"

model="$1" image="$2" to=bin/native/answers
name="$(basename "${image%.*}").png"
rm -rf "$to"
./hwaso predict "$model" "$image" --out "$to/hwaso" >/dev/null
bin/native/linux-x64/segment "$model" "$image" "$to/x64" >/dev/null
qemu-aarch64 -L /usr/aarch64-linux-gnu bin/native/linux-arm64/segment "$model" "$image" "$to/arm64" >/dev/null
for machine in x64 arm64; do
    cmp "$to/hwaso/$name" "$to/$machine/$name" || die "the labels on $machine differ from those of hwaso predict"
    say "linux-$machine: the label PNG of hwaso predict, byte by byte"
done
times=()
for _ in $(seq 20); do
    began="$(date +%s%N)"
    bin/native/linux-x64/segment "$model" "$image" "$to/x64" >/dev/null
    times+=("$((($(date +%s%N) - began) / 1000000))")
done
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
say "linux-x64, from start to the written files: median ${times[10]} ms, least ${times[0]} ms, most ${times[19]} ms of 20"
