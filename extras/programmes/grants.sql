-- Append-only. Deleting a person asks these tables too, which needs the right to update some column: the key, which nothing changes.
REVOKE UPDATE, DELETE, TRUNCATE ON programmes_incentive, programmes_incentivecorrection, programmes_declaration, programmes_paperreading
    FROM CURRENT_USER, steplabel_web, steplabel_worker;
GRANT UPDATE (id) ON programmes_incentive, programmes_incentivecorrection, programmes_declaration, programmes_paperreading TO CURRENT_USER;
