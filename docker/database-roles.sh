#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: two roles, two databases. `migrate` then says who may do what in them.
set -eu
exec /postgresql/make-roles /run/secrets/web_database_password /run/secrets/worker_database_password \
  psql --username "$POSTGRES_USER" --dbname postgres
