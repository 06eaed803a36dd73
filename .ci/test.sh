#!/usr/bin/env bash
# Runs every test of every module, with the race detector where things happen at the same time, and fails on a skipped one.
set -euo pipefail
cd "$(dirname "$0")/.."
export FAIRREVIEW_LOCAL="$PWD/bin/fairreview-local" FAIRREVIEW_BIN="$PWD/bin/fairreview"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
{
  go run ./internal/pgtest/withpg go test -v ./... || status=1
  # Two long walks through the site, one request after the other, have run above; under the race detector they would take minutes.
  go run ./internal/pgtest/withpg go test -v -race -skip '^(TestCrawl|TestPermissionsOverHTTP)$' ./postgres ./server ./workflows ./internal/pglocal || status=1
  (cd local && go test -v ./...) || status=1
  (cd deploy && go test -v ./...) || status=1
  echo "status $status"
} 2>&1 | tee "$log" | grep -vE '^(=== |\s*--- PASS|PASS$)' || true
grep -q '^status 0$' "$log" || { echo "tests failed" >&2; exit 1; }
if grep -E '^\s*--- SKIP' "$log"; then
  echo "a test was skipped; every test runs" >&2
  exit 1
fi
