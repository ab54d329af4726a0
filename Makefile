# The repository's commands. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo page test test-all fuzz hostile fire cultures format-check pack reproducible first-use native bench bench-runtime bench-server agreement operators conformance device matrix processes docs clean

help: ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## installs missing apt packages (with sudo unless you are root) and builds
	@eng/packages.sh
	@eng/build.sh

demo: ## renders a data set, trains, evaluates, predicts; writes demo/run/report.html
	@eng/packages.sh
	@eng/build.sh --command
	@eng/demo.sh

page: ## builds the page that `hwaso serve` shows (needs node; web/)
	@eng/web.sh

test: setup ## builds and runs the tests
	@eng/test.sh

test-all: setup ## runs the tests with those that take longest, too (more kills, stops and variants of protocols)
	@HWASO_TEST_ALL=1 eng/test.sh

fuzz: setup ## gives 200,000 damaged files to every reader (hours; ARGS='--files N --seed S Hwaso.Data.Tests')
	@eng/fuzz.sh $(ARGS)

hostile: setup ## sends 20,000 hostile requests to a server (minutes; HWASO_HOSTILE=N, HWASO_SEED=S)
	@HWASO_HOSTILE="$${HWASO_HOSTILE:-20000}" dotnet test tests/Hwaso.Server.Tests -c Release --no-build --settings tests/test.runsettings --filter HostileTests

fire: setup ## kills training at random moments and resumes it, 100 times (half an hour; ARGS='--runs N --seed S')
	@eng/fire.sh $(ARGS)

format-check: ## fails if `dotnet format` would change a file
	@dotnet format Hwaso.slnx --verify-no-changes

cultures: setup ## runs the tests under German, Korean and Turkish settings (ARGS='Hwaso.Data.Tests …' for some)
	@eng/cultures.sh $(ARGS)

pack: ## writes NuGet packages with symbols, and the tool hwaso, into bin/packages
	@eng/pack.sh

reproducible: ## packs the commit from two clones and compares the packages byte by byte
	@eng/reproducible.sh

first-use: pack ## installs the tool into a temporary folder and lets it build its native library (ARGS: a libtorch folder)
	@eng/first-use.sh $(ARGS)

native: ## compiles the program segment to one file that needs no .NET, for x64 and Arm, and compares their labels (ARGS: an .onnx and an image)
	@eng/packages.sh native
	@eng/native.sh $(ARGS)

bench: setup ## compares with PyTorch and OpenCV (ARGS='--rounds 3 …'; see benchmarks/README.md)
	@eng/bench.sh $(ARGS)

bench-runtime: setup ## compares Hwaso.Runtime with ONNX Runtime on fourteen networks (ARGS='--rounds 3 --only w18 …'; see benchmarks/README.md)
	@eng/bench-runtime.sh $(ARGS)

bench-server: setup ## loads `hwaso serve` and a minimal server on onnxruntime-node with images (needs node; see benchmarks/README.md)
	@eng/bench-server.sh $(ARGS)

agreement: setup ## compares exported networks on ONNX Runtime and Hwaso.Runtime with libtorch (needs node)
	@eng/agreement.sh $(ARGS)

operators: setup ## records ONNX Runtime's outputs for the operator tests again (needs node)
	@eng/operators.sh

conformance: setup ## runs ONNX's operator tests (all of the archive that HWASO_ONNX_NODE_TESTS names)
	@eng/conformance.sh

device: setup ## makes bin/device, which eng/device/check needs on a machine with a GPU (eng/device/README.md)
	@eng/device/prepare

matrix: setup ## tries the libtorch of Debian 12, 13 and forky, in folders made by debootstrap (needs root; ARGS=trixie)
	@eng/matrix.sh $(ARGS)

processes: setup ## trains in several processes: equal to one, beside PyTorch, cut links, kills (root, iproute2; HWASO_PARTS, HWASO_KILLS)
	@eng/processes.sh

docs: setup ## generates the table and the drawings of docs/networks.md, and the API's pages in bin/api-docs/site
	@eng/docs.sh

clean: ## removes build outputs; keeps the demo's data and all runs
	@rm -rf bin native/build TestResults web/dist web/test-results
	@find src samples tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
