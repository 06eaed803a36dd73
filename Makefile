# fairreview — `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOBIN := $(CURDIR)/bin
DATA ?=
PORT ?= 8080
# Real published records for the import tests, when they lie beside the project.
MEASURES ?= $(abspath $(wildcard ../shared/data/measures.dev.jsonl))
export PATH := $(GOBIN):$(PATH)
DATAFLAG := $(if $(DATA),--data $(DATA))
WITHPG := go run ./internal/pgtest/withpg

.PHONY: help setup setup-test build demo serve test lint bench fuzz clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install what running needs: PostgreSQL from the system's packages, when root
	@.ci/setup.sh run

setup-test: ## install what the tests need as well
	@.ci/setup.sh test

build: bin/fairreview bin/fairreview-local ## build both programs into bin/

SOURCES := $(shell find . -name '*.go' -not -path './local/*' -not -path './deploy/*') $(shell find schema server review internal -type f -not -name '*.go' 2>/dev/null) go.mod go.sum
# No -trimpath here: the tests compile the same packages without it, and the Temporal server is not worth compiling twice.
bin/fairreview: $(SOURCES)
	go build -ldflags "-s -w -X main.version=$(VERSION)" -o $@ ./cmd/fairreview

# The Temporal server as a library: 5 to 10 CPU minutes the first time, then from the cache.
bin/fairreview-local: $(shell find local internal/pglocal -type f)
	cd local && go build -ldflags "-s -w" -o ../$@ .

demo: setup build ## live the year of 804 cases and leave the site running
	bin/fairreview demo --listen 127.0.0.1:$(PORT) $(DATAFLAG)

serve: setup build ## serve on this machine, with its own PostgreSQL and Temporal
	bin/fairreview serve --listen 127.0.0.1:$(PORT) $(DATAFLAG)

lint: ## formatting, vet, linter, determinism of the workflows
	@.ci/lint.sh

test: setup-test build lint ## everything: unit, property, PostgreSQL, workflow, replay, end to end
	@FAIRREVIEW_MEASURES="$(MEASURES)" .ci/test.sh

bench: setup build ## actions a second beside a bare Temporal loop, counts beside SELECT 1
	bin/fairreview bench

fuzz: ## each fuzz target for half a minute
	@for t in $$(grep -rlE '^func Fuzz' --include='*_test.go' review server internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z]+' $$t/*_test.go | sed 's/func //'); do go test -run '^$$' -fuzz "^$$f$$" -fuzztime 30s ./$$t || exit 1; done; done

clean: ## remove what was built
	rm -rf bin
