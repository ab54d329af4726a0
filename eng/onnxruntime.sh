# Sourced: installs ONNX Runtime for node, the peer for exported networks, into $peer.
peer=benchmarks/peers/onnxruntime
command -v node npm >/dev/null || die "node and npm are missing; install them (https://nodejs.org): ONNX Runtime comes as an npm package"
# --ignore-scripts: the package contains the CPU library; its scripts would only fetch libraries for other devices.
[[ "$(cat "$peer/node_modules/.version" 2>/dev/null)" == "$(cat "$peer/package-lock.json")" ]] || {
    npm ci --prefix "$peer" --ignore-scripts --no-audit --no-fund --silent
    cp "$peer/package-lock.json" "$peer/node_modules/.version"
}
