#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: two roles, two databases. `migrate` then says who may do what in them.
set -eu
make() { # role, file with its password, database that it owns
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set role="$1" --set password="$(cat "$2")" --set database="$3" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"database" OWNER :"role";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
}
make steplabel_web /run/secrets/web_database_password steplabel
make steplabel_worker /run/secrets/worker_database_password steplabel_vault
