#!/bin/sh
# Creates the roles and databases of Temporal and of fairreview, apart from each other: each role owns its own databases
# and may not connect to the other's. Runs once, as the superuser, when the volume is empty.
set -eu

for name in FAIRREVIEW_DB_PASSWORD TEMPORAL_DB_PASSWORD; do
	eval "value=\${$name:-}"
	case $value in
	'')
		echo "postgres-init: $name is empty: set it in .env" >&2
		exit 1
		;;
	*[!A-Za-z0-9_-]*)
		# It becomes part of a URL, where other characters would mean something.
		echo "postgres-init: $name may hold only letters, digits, '-' and '_': openssl rand -hex 24 makes one" >&2
		exit 1
		;;
	esac
done

# \getenv keeps the passwords out of the process list.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
\getenv fairreview_password FAIRREVIEW_DB_PASSWORD
\getenv temporal_password TEMPORAL_DB_PASSWORD

CREATE ROLE fairreview LOGIN PASSWORD :'fairreview_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';

CREATE DATABASE fairreview OWNER fairreview;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

REVOKE CONNECT, TEMPORARY ON DATABASE fairreview, temporal, temporal_visibility, postgres FROM PUBLIC;
SQL
