"""Settings: `embedded` (one machine, SQLite, no servers), `production` (PostgreSQL, Redis), `test`
(either).
"""
