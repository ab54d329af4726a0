# The repository's commands. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test format-check pack bench bench-runtime agreement operators device matrix docs clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## installs missing apt packages (with sudo unless you are root) and builds
	@eng/packages.sh
	@eng/build.sh

demo: setup ## renders a data set, trains, evaluates, predicts; writes demo/run/report.html
	@eng/demo.sh

test: setup ## builds and runs every test
	@eng/test.sh

format-check: ## fails if `dotnet format` would change a file
	@dotnet format Hwaso.slnx --verify-no-changes

pack: setup ## writes NuGet packages with symbols into bin/packages
	@dotnet pack Hwaso.slnx -c Release --no-build -v quiet -nologo -o bin/packages && ls bin/packages

bench: setup ## compares with PyTorch and OpenCV (ARGS='--rounds 3 …'; see benchmarks/README.md)
	@eng/bench.sh $(ARGS)

bench-runtime: setup ## compares Hwaso.Runtime with ONNX Runtime (needs node; ARGS='--rounds 3 --only w18 …')
	@eng/bench-runtime.sh $(ARGS)

agreement: setup ## compares exported networks on ONNX Runtime and Hwaso.Runtime with libtorch (needs node)
	@eng/agreement.sh $(ARGS)

operators: setup ## records ONNX Runtime's outputs for the operator tests again (needs node)
	@eng/operators.sh

device: setup ## makes bin/device, which eng/device/check needs on a machine with a GPU (eng/device/README.md)
	@eng/device/prepare

matrix: setup ## tries the libtorch of Debian 12, 13 and forky, in folders made by debootstrap (needs root; ARGS=trixie)
	@eng/matrix.sh $(ARGS)

docs: setup ## generates the table and the drawings of docs/networks.md
	@eng/docs.sh

clean: ## removes build outputs; keeps the demo's data and all runs
	@rm -rf bin native/build TestResults
	@find src samples tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
