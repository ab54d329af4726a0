#!/usr/bin/env bash
# Compares Hwaso with PyTorch and OpenCV (benchmarks/compare.py); first installs and renders what that needs. Arguments go to compare.py.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

eng/packages.sh peers
# Images have the sizes of the real data sets: a loader's work depends on them.
data=benchmarks/data
[[ -d "$data/voc" ]] || {
    rm -rf "$data"/{cityscapes,voc,voc.part}
    ./hwaso scenes "$data/cityscapes" --layout cityscapes --count 12 --val 0 --size 1024x2048
    ./hwaso scenes "$data/voc.part" --layout voc --count 24 --val 0 --size 375x500
    mv "$data/voc.part" "$data/voc"
}
exec /usr/bin/python3 benchmarks/compare.py --cityscapes "$data/cityscapes" --voc "$data/voc" "$@"
