-- In the default database, as the server's superuser: what the web's role still owns goes to the role that migrates. The web may do with
-- each table what it could before, so that it goes on serving. Where it owns nothing, nothing changes.
DO $$
DECLARE
    owned record;
BEGIN
    FOR owned IN
        SELECT oid::regclass AS named, (
            SELECT string_agg(asked, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS asked
            WHERE has_table_privilege('steplabel_web', pg_class.oid, asked)
        ) AS allowed
        FROM pg_class WHERE relowner = 'steplabel_web'::regrole AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO steplabel_owner', owned.named);
        EXECUTE format('GRANT %s ON %s TO steplabel_web', owned.allowed, owned.named);
    END LOOP;
    FOR owned IN SELECT oid::regprocedure AS named FROM pg_proc WHERE proowner = 'steplabel_web'::regrole LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO steplabel_owner', owned.named);
    END LOOP;
    EXECUTE format('ALTER DATABASE %I OWNER TO steplabel_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO steplabel_web', current_database());
    GRANT USAGE ON SCHEMA public TO steplabel_web;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO steplabel_web;
    -- a table that a migration adds is read by web processes of the new release before `apply_grants` has run
    ALTER DEFAULT PRIVILEGES FOR ROLE steplabel_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO steplabel_web;
    ALTER DEFAULT PRIVILEGES FOR ROLE steplabel_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO steplabel_web;
END
$$;
