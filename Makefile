# The repository's commands. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test format-check pack bench bench-runtime agreement operators docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## installs what is missing (apt packages, with sudo if you are not root) and builds
	@eng/packages.sh
	@eng/build.sh

demo: setup ## renders a data set, trains on it, scores, draws: see demo/run/report.html
	@eng/demo.sh

test: setup ## builds and runs every test
	@eng/test.sh

format-check: ## fails where `dotnet format` would change something
	@dotnet format Hwaso.slnx --verify-no-changes

pack: setup ## NuGet packages with symbols into bin/packages
	@dotnet pack Hwaso.slnx -c Release --no-build -v quiet -nologo -o bin/packages && ls bin/packages

bench: setup ## side by side with PyTorch and OpenCV (ARGS='--rounds 3 …'; see benchmarks/README.md)
	@eng/bench.sh $(ARGS)

bench-runtime: setup ## Hwaso.Runtime side by side with ONNX Runtime (needs node; ARGS='--rounds 3 --only w18 …')
	@eng/bench-runtime.sh $(ARGS)

agreement: setup ## the zoo's exports on ONNX Runtime and Hwaso.Runtime beside libtorch (needs node)
	@eng/agreement.sh $(ARGS)

operators: setup ## records ONNX Runtime's answers to the operator tests anew (needs node)
	@eng/operators.sh

docs: setup ## writes the table and the drawings of docs/networks.md from the program
	@eng/docs.sh

clean: ## removes what was built, not the demo's data nor any run
	@rm -rf bin native/build TestResults
	@find src samples tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
