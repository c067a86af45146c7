-- The wall of portal/wall.py: which rows of sites and organisations a request of the web finds. `manage.py apply_grants` runs it in the default database;
-- run again it changes nothing. The tests run the same.
--
-- FORCE, so that the policies hold for the tables' owner too, as in the tests. The worker and what runs without a reader (operator, migrations, dumps) find everything.

-- The person who reads; null where it is nobody, or a key.
CREATE OR REPLACE FUNCTION wall_person() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('steplabel.reader', true) LIKE 'person:%'
        THEN nullif(split_part(current_setting('steplabel.reader', true), ':', 2), '')::bigint END
$$;

-- The reader's organisations in which they have that role.
CREATE OR REPLACE FUNCTION wall_organisations(asked_role text) RETURNS SETOF bigint LANGUAGE sql STABLE SET search_path = public AS $$
    SELECT organisation.id FROM accounts_organisation organisation
    JOIN accounts_membership held ON held.organisation_id = organisation.id AND held.role = asked_role
    WHERE organisation.kind = asked_role AND held.user_id = wall_person()
    UNION ALL
    SELECT id FROM accounts_organisation
    WHERE kind = asked_role AND id = CASE WHEN current_setting('steplabel.reader', true) LIKE 'key:%:' || asked_role
        THEN nullif(split_part(current_setting('steplabel.reader', true), ':', 2), '')::bigint END
$$;

-- Jurisdictions where the reader is regulator, with all that lie in them.
CREATE OR REPLACE FUNCTION wall_jurisdictions() RETURNS SETOF bigint LANGUAGE sql STABLE SET search_path = public AS $$
    WITH held AS MATERIALIZED (  -- first, for it is one row or two; every pair of jurisdictions would be compared else
        SELECT jurisdiction.path FROM accounts_jurisdiction jurisdiction
        JOIN accounts_organisation agency ON agency.jurisdiction_id = jurisdiction.id
        WHERE agency.id = ANY (ARRAY(SELECT wall_organisations('regulator')))
    )
    SELECT inside.id FROM held JOIN accounts_jurisdiction inside ON inside.path = held.path OR starts_with(inside.path, held.path || '/')
$$;

-- Sites that were assigned or granted to the reader; `with_values`: only where this shows the values of reports.
CREATE OR REPLACE FUNCTION wall_lent_sites(with_values boolean) RETURNS SETOF bigint LANGUAGE sql STABLE SET search_path = public AS $$
    SELECT site_id FROM assurance_assignment
    WHERE body_id IN (SELECT wall_organisations('certification-body')) AND (sees_values OR NOT with_values)
    -- lent by extras
$$;

DO $$
DECLARE
    walled record;
    policy text;
    open constant text := 'coalesce((SELECT current_setting(''steplabel.reader'', true)), '''') = ''''';
    -- each list is made once a statement; the planner looks a row's site up by its key, or all sites at once where rows are many
    of_site constant text := 'EXISTS (SELECT FROM accounts_site site WHERE site.id = %s AND ('
        'site.organisation_id = ANY (ARRAY(SELECT wall_organisations(''enterprise''))) '
        'OR site.jurisdiction_id = ANY (ARRAY(SELECT wall_jurisdictions())) '
        'OR site.id = ANY (ARRAY(SELECT wall_lent_sites(%s)))))';
    of_report constant text := '(SELECT report.site_id FROM intake_submission report WHERE report.id = submission_id)';
    of_firm constant text := 'organisation_id = ANY (ARRAY(SELECT wall_organisations(''enterprise'')))';
BEGIN
    FOR walled IN SELECT * FROM (VALUES
        -- of extras
        ('standings_protectedvalue', format(of_site, of_report, 'true')),
        ('standings_standing', format(of_site, of_report, 'true')),
        ('intake_submission', format(of_site, 'site_id', 'false')),
        ('intake_commitment', format(of_site, 'site_id', 'false')),
        ('catalogue_extensionrequest', format(of_site, 'site_id', 'false')),
        ('assurance_finding', format(of_site, '(SELECT held.site_id FROM assurance_assignment held WHERE held.id = assignment_id)', 'false')),
        ('accounts_enrolmenttoken', format(of_site, 'site_id', 'false')),
        ('accounts_apikey', 'organisation_id IN (SELECT wall_organisations(role))'),
        ('register_viewing', of_firm || ' OR user_id = (SELECT wall_person())'),
        ('register_siteapplication', of_firm || ' OR jurisdiction_id = ANY (ARRAY(SELECT wall_jurisdictions()))')
    ) AS named (of_table, seen) WHERE to_regclass(of_table) IS NOT NULL
    LOOP
        policy := format('%s OR %s', open, walled.seen);
        -- what is there already is left: each of these statements waits for everybody who reads the table
        CONTINUE WHEN EXISTS (
            SELECT FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid AND polname = 'wall'
            WHERE pg_class.oid = to_regclass(walled.of_table) AND relrowsecurity AND relforcerowsecurity
                AND obj_description(pg_policy.oid, 'pg_policy') = policy
        );
        EXECUTE format('DROP POLICY IF EXISTS everything ON %I', walled.of_table);
        EXECUTE format('DROP POLICY IF EXISTS wall ON %I', walled.of_table);
        EXECUTE format('CREATE POLICY everything ON %I USING (true) WITH CHECK (true)', walled.of_table);
        EXECUTE format('CREATE POLICY wall ON %I AS RESTRICTIVE FOR SELECT TO steplabel_web USING (%s)', walled.of_table, policy);
        EXECUTE format('COMMENT ON POLICY wall ON %I IS %L', walled.of_table, policy);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', walled.of_table);
    END LOOP;
END
$$;
