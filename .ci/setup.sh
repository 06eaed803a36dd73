#!/usr/bin/env bash
# Installs what running (run) or testing (test) needs and is not there yet, from Debian's packages when root; else says
# what to install.
set -euo pipefail
want=${1:-run}

have_postgres() {
  [ -n "${FAIRREVIEW_PG_BIN:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
    compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null || command -v initdb >/dev/null
}

missing=()
have_postgres || missing+=(postgresql)
if [ "$want" = test ]; then
  # Chinese glyphs are needed as well, or a screenshot shows boxes and no test sees it.
  command -v chromium >/dev/null || missing+=(chromium)
  compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || missing+=(fonts-noto-cjk)
fi
if ! command -v go >/dev/null; then
  echo "Go is not installed: install the version that go.mod names from https://go.dev/dl/ and try again." >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Install these first: ${missing[*]} (on Debian: sudo apt-get install ${missing[*]})" >&2
  exit 1
fi
echo "installing: ${missing[*]}"
# The package would start a cluster of its own; ours is private.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
