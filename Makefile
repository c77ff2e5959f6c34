# GNU make. "make help" lists the targets; "make ci" is what CI runs.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := $(CURDIR)/.bin
GO  ?= go

# Two packages at a time: guests, Packer and its plugins want the rest of a small machine.
GOTESTFLAGS ?= -race -p 2 -shuffle=on
E2EFLAGS    ?= -race -p 2 -parallel 4 -count=1 -timeout 60m

# Every test that starts Packer is told which one.
PACKER = $$(scripts/packer.sh)

.PHONY: help deps build packer bench-sandbox bench-reuse bench-seal guest-root dev demo clean-demo test unit e2e lint fmt generate generate-check tools peer clients grammar ci clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install the Debian packages that are missing, and say which
	@scripts/deps.sh all

build: ## Build the plugin and the local endpoint into .bin/
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/packer-plugin-goldenami .
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/sandbox ./cmd/sandbox

packer: ## Find Packer 1.11 or newer in PATH, else build 1.16.0 into .bin/
	@scripts/packer.sh

guest-root: ## Make the root of guests that boot, once, and print where it is (needs root)
	@scripts/deps.sh boot
	@scripts/guest-root.sh

dev: build ## Build the plugin and install it for Packer on this machine
	@"$(PACKER)" plugins install --path $(BIN)/packer-plugin-goldenami github.com/goldenami/goldenami

demo: build ## Build, seal and distribute three tiers on the local endpoint
	@scripts/deps.sh demo
	@scripts/demo.sh

clean-demo: ## Forget the images of the demo
	@rm -rf "$${GOLDENAMI_DEMO_DIR:-.demo}"

test: unit e2e ## Run all tests that need no AWS account

unit: ## Run the tests of the packages, components over RPC included
	@scripts/deps.sh all
	@scripts/grammar.sh >/dev/null
	@[ "$$(id -u)" -ne 0 ] || scripts/guest-root.sh
	@$(GO) test $(GOTESTFLAGS) ./...

e2e: build peer clients ## Run the tests that start the real Packer on the local endpoint
	@scripts/deps.sh all
	@GOLDENAMI_PACKER="$(PACKER)" $(GO) test -tags e2e $(E2EFLAGS) ./test/e2e/...

bench-sandbox: build ## Measure the local endpoint with full Regions and 200 clients
	@$(GO) run ./bench/sandbox -server $(BIN)/sandbox $(BENCHFLAGS)

bench-reuse: build ## Measure a second build of a family in which nothing changed
	@$(GO) run ./bench/reuse -packer "$(PACKER)" $(BENCHFLAGS)

bench-seal: ## Hold the seal against virt-sysprep and others on one root (needs root)
	@scripts/deps.sh boot
	@scripts/deps.sh sysprep
	@LIBGUESTFS_BACKEND=direct $(GO) run ./bench/seal -root "$$(scripts/guest-root.sh bookworm)" $(BENCHFLAGS)

lint: $(BIN)/golangci-lint ## Lint Go, shell scripts and the format of templates
	@$(GO) vet -tags e2e ./...
	@$(BIN)/golangci-lint run --allow-parallel-runners ./...
	@$(BIN)/golangci-lint fmt --diff ./...
	@scripts/deps.sh all
	@scripts/shell-files.sh | xargs -0 shellcheck
	@"$(PACKER)" fmt -check -diff -recursive example

fmt: $(BIN)/golangci-lint ## Format Go code and templates
	@$(BIN)/golangci-lint fmt ./...
	@"$(PACKER)" fmt -recursive example

generate: $(BIN)/packer-sdc ## Write the HCL specs and the option tables of the docs anew
	@scripts/generate.sh

generate-check: $(BIN)/packer-sdc ## Fail if what is generated differs from what is committed
	@scripts/generate.sh
	@scripts/generate-check.sh

tools: $(BIN)/golangci-lint $(BIN)/packer-sdc ## Build the developer's tools into .bin/

peer: ## Build amazon-ebs 1.8.2, which the e2e tests run beside ours
	@scripts/module-binary.sh github.com/hashicorp/packer-plugin-amazon v1.8.2 $(BIN)/packer-plugin-amazon

clients: ## Install the AWS CLI and boto3, with which the e2e tests read back
	@scripts/deps.sh all
	@scripts/clients.sh >/dev/null

grammar: ## Install the grammar of PowerShell, with which tests parse what runs on Windows
	@scripts/deps.sh all
	@scripts/grammar.sh >/dev/null

ci: ## Run what CI runs
	@.ci/run

clean: clean-demo ## Remove everything that make has built
	@rm -rf $(BIN)

# The tools are built again when their pinned versions change.
$(BIN)/golangci-lint: tools/go.mod tools/go.sum
	@echo "building golangci-lint"
	@cd tools && $(GO) build -trimpath -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/packer-sdc: tools/go.mod tools/go.sum
	@echo "building packer-sdc"
	@cd tools && $(GO) build -trimpath -o $@ github.com/hashicorp/packer-plugin-sdk/cmd/packer-sdc
