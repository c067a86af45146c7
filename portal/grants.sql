-- Who may do what in the two databases, for production and for the tests alike.
--
-- Run once in each database after `migrate`, as the database's owner:
--     psql "$DATABASE_URL" -f portal/grants.sql && psql "$VAULT_DATABASE_URL" -f portal/grants.sql
-- The roles: steplabel_web owns the default database, steplabel_worker owns the vault.
-- A new database lets everybody connect: that right is taken back first.

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    IF to_regclass('opening_openedreport') IS NOT NULL THEN
        -- The vault: its owner alone. The web role cannot even connect.
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM steplabel_web', current_database());
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM steplabel_web;
    ELSE
        -- The default database: the worker reads what it needs to check a report, and writes what came of it.
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO steplabel_worker', current_database());
        GRANT USAGE ON SCHEMA public TO steplabel_worker;
        GRANT SELECT ON accounts_site, accounts_device, accounts_organisation, accounts_controllingfirm, accounts_jurisdiction,
            catalogue_peergroup, catalogue_peergroupmember, catalogue_reportingperiod TO steplabel_worker;
        GRANT SELECT, UPDATE ON intake_submission TO steplabel_worker;
        GRANT SELECT, INSERT ON standings_protectedvalue, auditlog_event TO steplabel_worker;
        GRANT USAGE ON SEQUENCE standings_protectedvalue_id_seq, auditlog_event_id_seq TO steplabel_worker;

        -- Append-only, even for the tables' owner: what was recorded is not changed by a mistake or an injected statement.
        REVOKE UPDATE, DELETE, TRUNCATE ON auditlog_event, intake_logentry FROM steplabel_web, steplabel_worker;
    END IF;
END
$$;
