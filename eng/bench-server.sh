#!/usr/bin/env bash
# Loads `hwaso serve` and a minimal server on onnxruntime-node with images (benchmarks/Hwaso.ServerBench); first trains and exports a network
# for a moment if it is missing. Arguments go to it. $HWASO_NETWORKS, or a folder in the user's cache, keeps network and images.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

source eng/onnxruntime.sh
data="${HWASO_NETWORKS:-${XDG_CACHE_HOME:-$HOME/.cache}/hwaso/networks}/serving"
if [[ ! -f "$data/network.onnx" ]]; then
    mkdir -p "$data"
    rm -rf "$data"/{images,small,run}
    ./hwaso scenes "$data/images" --layout cityscapes --count 8 --val 2 --size 256x512
    ./hwaso scenes "$data/small" --layout cityscapes --count 4 --val 2 --size 64x128
    ./hwaso train recipes/demo.yaml --data "$data/small" --run "$data/run" --set model.name=hrnetv2-w18-small-v1 --set 'augment.crop=[64, 128]' \
        --set train.epochs=20 --set validate.every=0
    ./hwaso export "$data/run" --out "$data/part.onnx"
    mv "$data/part.onnx" "$data/network.onnx"
fi
command=src/Hwaso.Cli/bin/$configuration/net10.0/hwaso.dll
if hwaso_is_ready; then command="$hwaso_ready/hwaso.dll"; fi
exec dotnet "benchmarks/Hwaso.ServerBench/bin/$configuration/net10.0/Hwaso.ServerBench.dll" "$command" "$peer/serve.mjs" \
    "$data/network.onnx" "$data/images/leftImg8bit/train" "$data/small/leftImg8bit/train" "$@"
