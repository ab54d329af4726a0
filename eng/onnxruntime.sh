# Sourced: ONNX Runtime for node, the peer of exported networks, in $peer.
peer=benchmarks/peers/onnxruntime
command -v node npm >/dev/null || die "node and npm are missing; ONNX Runtime comes as a package of theirs (https://nodejs.org)"
# --ignore-scripts: the library for processors is inside the package, what a script would fetch is for others.
[[ "$(cat "$peer/node_modules/.version" 2>/dev/null)" == "$(cat "$peer/package-lock.json")" ]] || {
    npm ci --prefix "$peer" --ignore-scripts --no-audit --no-fund --silent
    cp "$peer/package-lock.json" "$peer/node_modules/.version"
}
