-- A firm that leaves: the worker ends accesses, deletes deliveries, and empties who accepted terms.
GRANT SELECT, UPDATE (granted_by, ended_by, ended_at) ON partners_grant TO steplabel_worker;
GRANT SELECT (id, organisation_id) ON partners_acceptedterms TO steplabel_worker;
GRANT SELECT (id, site_id), DELETE ON partners_delivery TO steplabel_worker;
-- Append-only, but for that.
REVOKE UPDATE, DELETE, TRUNCATE ON partners_acceptedterms FROM CURRENT_USER, steplabel_web, steplabel_worker;
GRANT UPDATE (accepted_by) ON partners_acceptedterms TO steplabel_worker;
