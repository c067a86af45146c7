-- The three roles and the two databases, for psql as the server's superuser; run again it sets the passwords and changes nothing else.
-- Where the server asks for passwords it is given owner_password, web_password and worker_password. After `migrate`, `manage.py apply_grants` says who may do what inside.
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', name)
FROM unnest(ARRAY['steplabel_owner', 'steplabel_web', 'steplabel_worker']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
\if :{?owner_password}
ALTER ROLE steplabel_owner PASSWORD :'owner_password';
ALTER ROLE steplabel_web PASSWORD :'web_password';
ALTER ROLE steplabel_worker PASSWORD :'worker_password';
\endif

SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8''', name, owner)
FROM (VALUES ('steplabel', 'steplabel_owner'), ('steplabel_vault', 'steplabel_worker')) AS wanted (name, owner)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

-- A new database lets everybody connect. Neither the web's role nor the owner of the default database must do even that in the vault.
REVOKE ALL ON DATABASE steplabel FROM PUBLIC;
GRANT CONNECT ON DATABASE steplabel TO steplabel_web;
REVOKE ALL ON DATABASE steplabel_vault FROM PUBLIC, steplabel_web, steplabel_owner;

\connect steplabel
-- a table that a migration adds is read by web processes before `apply_grants` has run
ALTER DEFAULT PRIVILEGES FOR ROLE steplabel_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO steplabel_web;
ALTER DEFAULT PRIVILEGES FOR ROLE steplabel_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO steplabel_web;
