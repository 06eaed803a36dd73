#!/bin/sh
# Sets up and upgrades Temporal's two schemas with the versions embedded in its own tool. Safe to run again: it does what is
# missing. The databases exist already (postgres-init.sh), because the role temporal may not create any.
# Reads SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD.
set -eu

schema() {
	temporal-sql-tool --db "$1" setup-schema --version 0.0
	temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}

schema temporal temporal
schema temporal_visibility visibility
echo 'temporal-schema: both schemas are current'
