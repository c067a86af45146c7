-- A firm that leaves: the worker deletes what it showed and its memberships, and ends the groups that it ran.
GRANT SELECT, DELETE ON sharing_certificate, sharing_share, sharing_groupmember TO steplabel_worker;
GRANT UPDATE (decided_by) ON sharing_groupmember TO steplabel_worker;
GRANT SELECT (id, run_by_id, ended_at), UPDATE (ended_at, made_by) ON sharing_sitegroup TO steplabel_worker;
-- Append-only.
REVOKE UPDATE, DELETE, TRUNCATE ON sharing_groupcount FROM CURRENT_USER, steplabel_web, steplabel_worker;
