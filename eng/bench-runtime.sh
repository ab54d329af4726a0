#!/usr/bin/env bash
# Compares Hwaso.Runtime with ONNX Runtime (benchmarks/runtime.py); first installs and exports what that needs. Arguments go to runtime.py.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

source eng/onnxruntime.sh

data=benchmarks/data/onnx
networks=(hrnetv2-w18-small-v1 hrnetv2-w18 hrnetv2-w48 unet-resnet50 fcn-resnet50)
missing=()
for network in "${networks[@]}"; do
    [[ -f "$data/$network.onnx" ]] || missing+=("$network")
done
((${#missing[@]} == 0)) || dotnet benchmarks/Hwaso.Bench/bin/$configuration/net10.0/Hwaso.Bench.dll onnx "$data" 512x512 "${missing[@]}"
[[ -d "$data/scene" ]] || ./hwaso scenes "$data/scene" --layout voc --count 1 --val 0 --size 512x512
image="$(find "$data/scene" -name '*.jpg' | head -n 1)"
exec /usr/bin/python3 benchmarks/runtime.py "$data" --start "$data/hrnetv2-w18.onnx" "$image" "$@"
