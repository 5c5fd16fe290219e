# `make help` lists what there is. Everything works from a clean clone on Debian 12 with Swift 6.3.
.DEFAULT_GOAL := help
.PHONY: help demo test build board lint docs bench-kernels bench-families bench-resnet50 \
  bench-peers bench-cost-model bench-channels bench-discovery check-arrows pages check-pages \
  check-neon check-neon-cycles check-instructions check-board check-onnx-cases check-torchvision \
  check-channels check-pruned check-zoo check-minilm check-packages compare-builds \
  study-accuracy fuzz

help: ## This list
	@sed -nE 's/^([a-z][a-z0-9-]*):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 28

demo: setup ## The main job on real models: prune, convert, verify, measure (5 minutes after the build)
	@Scripts/build.sh --product espalier
	@Scripts/build.sh --product DigitsDemo
	@Scripts/demo.sh

test: ## Every test; the last line is "N passed, N failed"
	@Scripts/test.sh

build: setup ## The espalier command, optimised: .build/release/espalier
	@Scripts/build.sh --product espalier

board: ## The runtime for aarch64 boards
	@Scripts/setup-board.sh
	@Scripts/build-board.sh

lint: ## Format of every Swift file
	@Scripts/lint.sh

docs: setup ## API documentation: .build/documentation
	@Scripts/docs.sh

check-arrows: setup ## Forbidden imports between modules and includes between kernels are refused
	@Scripts/check-arrows.sh
	@Scripts/check-kernel-arrows.sh

pages: ## Pages and pictures of docs/ anew from the tables on them (needs python3)
	@python3 Scripts/write-pages.py

check-pages: ## Conclusions and pictures of docs/ against the tables they are of (needs python3)
	@python3 Scripts/write-pages.py --check

check-neon: ## NEON kernels against the reference, under the emulator
	@Scripts/setup-board.sh
	@Scripts/check-neon.sh

check-neon-cycles: ## Cycles of the NEON loops by llvm-mca, against docs/neon.md
	@Scripts/setup-board.sh
	@Scripts/analyse-neon.sh

check-instructions: ## Instructions that kernels take, against Tests/Performance/instructions.txt
	@Scripts/setup-board.sh
	@Scripts/count-instructions.sh

check-board: build ## The digits model on an emulated board, against the host
	@Scripts/setup-board.sh
	@Scripts/check-board.sh

bench-kernels: setup ## The kernels alone, beside this machine's peak
	@Scripts/benchmark-kernels.sh

bench-families: setup ## One kernel of each family on real layers, timed (package of its own)
	@swift package --package-path Tests/Performance/KernelBenchmarks --disable-sandbox benchmark

fuzz: setup ## Fuzzing of packed models, then of ONNX (FUZZ="--executions 40000000 --workers 4")
	@Scripts/fuzz.sh model $(FUZZ)
	@Scripts/fuzz.sh importer $(FUZZ)

compare-builds: build ## Against another revision: REV=..., COMPARE="--speed --convert"
	@Scripts/compare-builds.sh $(REV) $(COMPARE)

# The rest needs Python with PyPI: it compares with other people's tools.
check-onnx-cases: build ## ONNX's operator test cases; writes docs/onnx-cases.md
	@Scripts/check-onnx-cases.sh

check-torchvision: build ## torchvision's models against onnxruntime
	@Scripts/check-torchvision.sh

check-channels: build ## torchvision by both exporters at half its MACs; writes docs/channels.md
	@Scripts/check-channels.sh

check-zoo: build ## The zoo at full size: accepted by onnx.checker, and packed it matches onnxruntime
	@Scripts/check-zoo.sh

study-accuracy: build ## Accuracy after channel pruning, 5 seeds; writes docs/accuracy.md (STUDY="--quick")
	@Scripts/study-accuracy.sh $(STUDY)

check-pruned: build ## Pruned exports: accepted by onnx.checker, and packed they match onnxruntime
	@Scripts/check-pruned.sh

check-minilm: build ## A sentence encoder against onnxruntime
	@Scripts/check-minilm.sh

check-packages: build ## Networks inside PyPI packages; writes docs/deployed.md (PACKAGES="--quick")
	@Scripts/check-packages.sh $(PACKAGES)
PACKAGES ?= --output docs/deployed.md

bench-resnet50: build ## ResNet-50, dense and sparse, beside onnxruntime in one run
	@Scripts/bench-resnet50.sh

bench-peers: build ## Beside other runtimes: writes docs/performance.md (25 minutes); or PEERS="--quick"
	@Scripts/build.sh --product PeerWorker
	@python=$$(Tests/Performance/peers/environment.sh) && \
	  $$python Tests/Performance/peers/bench-peers.py $(PEERS)

bench-channels: build ## Channel removal, timed: writes docs/channels-speed.md (5 minutes)
	@python3 Scripts/bench-channels.py $(CHANNELS)
CHANNELS ?= --output docs/channels-speed.md

bench-discovery: build ## Time to find coupling groups, up to 20,000 nodes; writes docs/discovery.md
	@Scripts/bench-discovery.sh --output docs/discovery.md

bench-cost-model: build ## What the cost model's choices lose: writes docs/cost-model.md (15 minutes)
	@python=$$(Tests/Performance/peers/environment.sh) && \
	  $$python Tests/Performance/cost-model/measure.py .build/cost-model --output docs/cost-model.md
PEERS ?= --output docs/performance.md

.PHONY: setup
setup:
	@Scripts/setup.sh
