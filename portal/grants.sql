-- Who may do what in the two databases, for production and for the tests alike.
--
-- `manage.py apply_grants` runs it in each database after `migrate`, as the database's owner.
-- The roles: steplabel_owner owns the default database and migrates it, steplabel_web serves; steplabel_worker owns the vault.
-- A new database lets everybody connect: that right is taken back first.

DO $$
DECLARE
    named record;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;

    IF to_regclass('opening_openedreport') IS NOT NULL THEN
        -- The vault: its owner alone. The web role cannot even connect.
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM steplabel_web', current_database());
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM steplabel_web;
    ELSE
        -- The default database: the web reads and writes every table, and can change no table and no right.
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO steplabel_web', current_database());
        GRANT USAGE ON SCHEMA public TO steplabel_web;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO steplabel_web;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO steplabel_web;
        -- The worker reads what it needs to check a report, and writes what came of it.
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO steplabel_worker', current_database());
        GRANT USAGE ON SCHEMA public TO steplabel_worker;
        GRANT SELECT ON accounts_site, accounts_device, accounts_organisation, accounts_controllingfirm, accounts_jurisdiction,
            catalogue_peergroup, catalogue_peergroupmember, catalogue_reportingperiod, intake_commitment, governance_proposal TO steplabel_worker;
        GRANT SELECT, UPDATE ON intake_submission TO steplabel_worker;
        GRANT SELECT, INSERT, UPDATE ON intake_workerseen TO steplabel_worker;
        GRANT SELECT ON standings_verdict TO steplabel_worker;
        GRANT SELECT, INSERT ON standings_protectedvalue, auditlog_event, translog_logentry, translog_lognode,
            intake_reportconsent TO steplabel_worker;
        GRANT SELECT, INSERT ON publication_loggedact TO steplabel_worker;
        GRANT SELECT, INSERT, UPDATE ON translog_loghead TO steplabel_worker;
        GRANT SELECT, INSERT, DELETE ON translog_waitingentry TO steplabel_worker;
        -- Releases at a set time: the worker lets out what was approved and signed, and of people knows only what they act for.
        -- Locking a period's row asks for the right to update some column of it: its key, which nothing changes.
        GRANT SELECT ON accounts_membership, publication_publication, publication_scheduledrelease, standings_namingchoice TO steplabel_worker;
        GRANT UPDATE (gate, explanation, document, summary, digest, status, approved_by_id, published_at, approval_note)
            ON publication_publication TO steplabel_worker;
        GRANT UPDATE (state, ended_at, ended_by_id, reason_code) ON publication_scheduledrelease TO steplabel_worker;
        GRANT UPDATE (id) ON catalogue_reportingperiod TO steplabel_worker;
        GRANT USAGE ON SEQUENCE standings_protectedvalue_id_seq, auditlog_event_id_seq, translog_loghead_id_seq, translog_waitingentry_id_seq,
            publication_loggedact_id_seq, intake_reportconsent_id_seq TO steplabel_worker;
        -- Notifications: the worker tells people what came of a report, and sends mails; of a person it reads the address alone.
        GRANT SELECT (id, email, is_active, zone) ON accounts_user TO steplabel_worker;
        GRANT SELECT ON notifications_reader, notifications_wish TO steplabel_worker;
        GRANT SELECT, INSERT, UPDATE, DELETE ON notifications_mail, notifications_notice TO steplabel_worker;
        GRANT USAGE ON SEQUENCE notifications_notice_id_seq TO steplabel_worker;
        -- Audits: the worker tells of days that come or are past; of a statement it reads the days, never the statement.
        GRANT SELECT ON assurance_assignment TO steplabel_worker;
        GRANT SELECT (id, assignment_id, number, due) ON assurance_finding TO steplabel_worker;
        GRANT SELECT (id, finding_id, act) ON assurance_findingstep TO steplabel_worker;
        GRANT SELECT (id, assignment_id, submission_id, site_id, state, digest, issued_at, valid_until, surveillance_on)
            ON assurance_attestation TO steplabel_worker;
        GRANT SELECT (id, site_id, valid_from, valid_until, taken_back_at) ON assurance_systemcertificate TO steplabel_worker;
        GRANT SELECT, INSERT ON assurance_reminded TO steplabel_worker;
        GRANT USAGE ON SEQUENCE assurance_reminded_id_seq TO steplabel_worker;
        -- Firms that leave: the worker deletes what is theirs, people by their numbers; of whom a row that stays must name, it empties the account.
        GRANT SELECT, UPDATE ON register_leaving TO steplabel_worker;
        GRANT UPDATE (software, revoked_at) ON accounts_device TO steplabel_worker;
        GRANT UPDATE (taken_back_at, taken_back_reason, ended_with_firm) ON assurance_assignment TO steplabel_worker;
        GRANT UPDATE (retired_at) ON accounts_site TO steplabel_worker;
        GRANT UPDATE (roster) ON publication_publication TO steplabel_worker;
        GRANT UPDATE (issued_by_id) ON accounts_enrolmenttoken TO steplabel_worker;
        GRANT SELECT, DELETE ON standings_standing, standings_protectedvalue,
            catalogue_peergroupmember, catalogue_extensionrequest, accounts_enrolmenttoken, register_invitation, register_viewing, register_siteapplication,
            register_firmapplication, accounts_apikey, accounts_membership, usersessions_usersession, django_session TO steplabel_worker;
        GRANT SELECT, DELETE ON practices_sitereport TO steplabel_worker;
        GRANT UPDATE (unconfirmed_reason) ON practices_sitereport TO steplabel_worker;
        GRANT SELECT (id, practice, version, state, organisation_id, published_at), UPDATE (id), DELETE ON practices_entry TO steplabel_worker;
        GRANT SELECT (id, entry_id) ON practices_revision TO steplabel_worker;
        GRANT DELETE, UPDATE (email, name, zone, password, is_active, last_login) ON accounts_user TO steplabel_worker;
        -- What points at people: the worker sees whom a row names, and deletes rows about people in the apps that keep such.
        FOR named IN
            SELECT conrelid::regclass::text AS of_table, attname AS of_column FROM pg_constraint
            JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
            WHERE contype = 'f' AND confrelid = 'accounts_user'::regclass
        LOOP
            EXECUTE format('GRANT SELECT (%I) ON %s TO steplabel_worker', named.of_column, named.of_table);
            IF named.of_table ~ '^(accounts|account|notifications|register|mfa|usersessions)_' THEN
                EXECUTE format('GRANT DELETE ON %s TO steplabel_worker', named.of_table);
            END IF;
        END LOOP;

        -- Append-only, even for the tables' owner: what was recorded is not changed by a mistake or an injected statement.
        REVOKE UPDATE, DELETE, TRUNCATE ON auditlog_event, translog_logentry, translog_lognode, translog_cosignature, translog_logrestart, intake_commitment,
            publication_draftcomment,
            publication_loggedact, governance_comment, governance_approval, catalogue_extension, catalogue_reminder, standings_namingchoice,
            assurance_interestdeclaration, assurance_finding, assurance_findingstep, assurance_reminded,
            practices_revision
            FROM CURRENT_USER, steplabel_web, steplabel_worker;
        -- What a firm that leaves wrote of practices that were never published goes with it.
        GRANT DELETE ON practices_revision TO steplabel_worker;
        -- And the addresses of its people, who chose that it is named, are on the record alone.
        GRANT UPDATE (chosen_by) ON standings_namingchoice TO steplabel_worker;
        -- Deleting a person asks every table that may name them, and locks what it finds: that needs the right to update some column
        -- of it, of the table's owner: its key, which nothing changes.
        FOR named IN
            SELECT DISTINCT conrelid::regclass::text AS of_table FROM pg_constraint
            WHERE contype = 'f' AND confrelid = 'accounts_user'::regclass
        LOOP
            IF NOT has_any_column_privilege(named.of_table, 'UPDATE') THEN
                EXECUTE format('GRANT UPDATE (id) ON %s TO CURRENT_USER', named.of_table);
            END IF;
        END LOOP;
    END IF;
END
$$;
