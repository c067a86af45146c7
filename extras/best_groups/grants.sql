-- A firm that leaves has no name behind a share.
GRANT SELECT (id, publication_id, behind), UPDATE (behind) ON best_groups_bestgroup TO steplabel_worker;
