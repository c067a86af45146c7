    UNION
    SELECT site_id FROM partners_grant
    WHERE (partner_id IN (SELECT wall_organisations('technology-provider')) OR partner_id IN (SELECT wall_organisations('energy-supplier')))
        AND ended_at IS NULL AND (values OR NOT with_values)
