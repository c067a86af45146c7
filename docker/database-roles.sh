#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: three roles, two databases. `migrate` then says who may do what in them.
set -eu
cd /run/secrets
exec /postgresql/make-roles owner_database_password web_database_password worker_database_password \
  psql --username "$POSTGRES_USER" --dbname postgres
