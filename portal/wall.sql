-- The second wall behind the selectors: of these tables a page gets the rows of whoever reads it, also where a selector forgets to ask.
--
-- Run by `manage.py apply_grants` in the default database, after grants.sql. Who reads as somebody acts as `steplabel_pages`, which owns
-- nothing; `steplabel.reader` says who (portal/wall.py): `person 12`, `acting 5 enterprise` (an API key), `all` where code says that
-- it reads across. Anything else, or nothing, sees none of these rows. The owner and the worker stand before the wall.

CREATE OR REPLACE FUNCTION steplabel_held() RETURNS TABLE (organisation bigint, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH reader AS (SELECT string_to_array(current_setting('steplabel.reader', true), ' ') AS is)
    SELECT organisation_id, accounts_membership.role FROM accounts_membership, reader
    WHERE reader.is[1] = 'person' AND user_id = reader.is[2]::bigint
    UNION ALL
    SELECT reader.is[2]::bigint, reader.is[3] FROM reader WHERE reader.is[1] = 'acting'
$$;

-- Sites of the enterprises the reader acts for, and those where the reader is regulator.
CREATE OR REPLACE FUNCTION steplabel_own_sites() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT site.id FROM steplabel_held() held JOIN accounts_site site ON site.organisation_id = held.organisation WHERE held.role = 'enterprise'
    UNION
    SELECT site.id FROM steplabel_held() held
    JOIN accounts_organisation regulator ON regulator.id = held.organisation AND regulator.kind = 'regulator'
    JOIN accounts_jurisdiction whole ON whole.id = regulator.jurisdiction_id
    JOIN accounts_jurisdiction part ON part.path = whole.path OR starts_with(part.path, whole.path || '/')
    JOIN accounts_site site ON site.jurisdiction_id = part.id
    WHERE held.role = 'regulator'
$$;

-- Those, and sites that the reader's certification body was assigned to or that let the reader's organisation in.
CREATE OR REPLACE FUNCTION steplabel_sites() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT steplabel_own_sites()
    UNION
    SELECT site_id FROM steplabel_held() held JOIN assurance_assignment ON body_id = held.organisation WHERE held.role = 'certification-body'
    UNION
    SELECT site_id FROM steplabel_held() held JOIN partners_grant ON partner_id = held.organisation
    WHERE ended_at IS NULL AND held.role IN ('technology-provider', 'energy-supplier')
$$;

DO $$
DECLARE
    wall record;
    named record;
    access text;
BEGIN
    -- The rights of the owner, as grants.sql left them: what is append-only stays so.
    GRANT USAGE ON SCHEMA public TO steplabel_pages;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO steplabel_pages;
    FOR named IN SELECT oid::regclass::text AS of_table FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
        FOREACH access IN ARRAY ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] LOOP
            IF has_table_privilege('steplabel_web', named.of_table, access) THEN
                EXECUTE format('GRANT %s ON %s TO steplabel_pages', access, named.of_table);
            ELSE
                EXECUTE format('REVOKE %s ON %s FROM steplabel_pages', access, named.of_table);
            END IF;
        END LOOP;
        IF NOT has_table_privilege('steplabel_web', named.of_table, 'UPDATE') AND has_any_column_privilege('steplabel_web', named.of_table, 'UPDATE') THEN
            EXECUTE format('GRANT UPDATE (id) ON %s TO steplabel_pages', named.of_table);
        END IF;
    END LOOP;

    FOR wall IN
        SELECT * FROM (VALUES
            ('intake_submission', 'site_id IN (SELECT steplabel_sites())'),
            ('intake_commitment', 'site_id IN (SELECT steplabel_sites())'),
            ('standings_protectedvalue', 'EXISTS (SELECT FROM intake_submission mine WHERE mine.id = submission_id)'),
            ('standings_standing', 'EXISTS (SELECT FROM intake_submission mine WHERE mine.id = submission_id)'),
            ('standings_verdict', 'EXISTS (SELECT FROM intake_submission mine WHERE mine.id = submission_id)'),
            ('assurance_assignment', 'site_id IN (SELECT steplabel_own_sites()) OR body_id IN (SELECT organisation FROM steplabel_held())'),
            ('assurance_finding', 'EXISTS (SELECT FROM assurance_assignment mine WHERE mine.id = assignment_id)'),
            ('assurance_findingstep', 'EXISTS (SELECT FROM assurance_finding mine WHERE mine.id = finding_id)'),
            ('assurance_sample', 'EXISTS (SELECT FROM assurance_assignment mine WHERE mine.id = assignment_id)'),
            ('assurance_attestation', 'site_id IS NULL OR site_id IN (SELECT steplabel_own_sites()) OR body_id IN (SELECT organisation FROM steplabel_held())')
        ) AS walls (of_table, rows)
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', wall.of_table);
        EXECUTE format('DROP POLICY IF EXISTS pages ON %I', wall.of_table);
        EXECUTE format('DROP POLICY IF EXISTS worker ON %I', wall.of_table);
        EXECUTE format($policy$CREATE POLICY pages ON %I TO steplabel_pages
            USING ((SELECT current_setting('steplabel.reader', true)) = 'all' OR %s)$policy$, wall.of_table, wall.rows);
        EXECUTE format('CREATE POLICY worker ON %I TO steplabel_worker USING (true)', wall.of_table);
    END LOOP;
END
$$;
