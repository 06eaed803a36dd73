#!/usr/bin/env bash
# Formatting, vet, the linter, and the determinism check of what Temporal replays.
set -euo pipefail
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
  echo "not gofmt-ed: $unformatted" >&2
  exit 1
fi
for module in . local deploy; do
  (cd "$module" && go vet ./... && go mod tidy -diff)
done
export GOBIN="$PWD/bin"
[ -x bin/golangci-lint ] || go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
[ -x bin/workflowcheck ] || go install go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0
bin/workflowcheck ./workflows/... ./review/...
bin/golangci-lint run ./...
