"""The typed client of the portal's API: `shapes` and `operations` are written from its schema, `session` is a road for programs."""
