#!/usr/bin/env bash
# Compares Hwaso with PyTorch and OpenCV (benchmarks/compare.py); first installs and renders what that needs. Arguments go to compare.py.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

eng/packages.sh peers
# Images and result files have the sizes of the real data sets: the work of a loader or a scorer depends on them.
data=benchmarks/data
[[ -d "$data/voc" ]] || {
    rm -rf "$data"/{cityscapes,voc,voc.part}
    ./hwaso scenes "$data/cityscapes" --layout cityscapes --count 12 --val 0 --size 1024x2048
    ./hwaso scenes "$data/voc.part" --layout voc --count 24 --val 0 --size 375x500
    mv "$data/voc.part" "$data/voc"
}
[[ -d "$data/people" ]] || {
    rm -rf "$data/people.part"
    ./hwaso scenes "$data/people.part" --layout coco --count 40 --val 1 --size 480x640
    mv "$data/people.part" "$data/people"
}
[[ -f "$data/keypoints/results.json" ]] || /usr/bin/python3 benchmarks/peers/keypoints.py "$data/keypoints" --write
[[ -f "$data/objects/results.json" ]] || /usr/bin/python3 benchmarks/peers/objects.py "$data/objects" --write
exec /usr/bin/python3 benchmarks/compare.py --cityscapes "$data/cityscapes" --voc "$data/voc" --people "$data/people" \
    --keypoints "$data/keypoints" --objects "$data/objects" "$@"
