#!/usr/bin/env bash
# Renders scenes, trains a small network with attention on them, evaluates it, writes its predictions.
# SEED=N uses another seed; OUT=DIR writes to another folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"

out="${OUT:-demo}"
seed="${SEED:-1}"
step() { printf '\n== %s\n' "$*"; }

step "1/4 Rendering street scenes into $out/data"
./hwaso scenes "$out/data" --layout cityscapes --count 200 --val 32 --size 256x512 --seed "$seed"

step "2/4 Training (recipes/demo.yaml) into $out/run"
rm -rf "$out/run"
./hwaso train recipes/demo.yaml --data "$out/data" --run "$out/run" --set "seed=$seed"

step "3/4 Evaluating on the validation split"
./hwaso evaluate "$out/run" --data "$out/data"

step "4/4 Predicting with overlays into $out/predictions"
find "$out/data/leftImg8bit/val" -name '*.png' | sort | head -n 8 |
    xargs ./hwaso predict "$out/run" --out "$out/predictions" --overlay

printf '\nReport: %s\n' "$root/$out/run/report.html"
