"""python -m tests.performance.partitions [ROWS]: what partitions by period would save the table of
reports, on PostgreSQL of its own.

The table of reports with its indexes, ROWS decided rows over twelve months and a thousand that
wait, whole and partitioned by period. Envelopes are left out: they lie beside the table, and none
of these statements reads them. Median milliseconds of a statement; seconds of VACUUM after a
month's rows changed once. What a partition cannot have is said by PostgreSQL itself.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psycopg

from tests.servers import postgres

WAITING, TIMES, MONTHS = 1_000, 200, 12
COLUMNS = """
    id bigint NOT NULL, digest varchar(64) NOT NULL, site_id bigint NOT NULL, period varchar(32) NOT NULL, revision integer NOT NULL,
    key_id varchar(64) NOT NULL, ledger_sequence bigint, receipt bytea NOT NULL, log_index bigint NOT NULL, state varchar(12) NOT NULL,
    attempts smallint NOT NULL, decided_at timestamptz
"""
INDEXES = (
    "UNIQUE INDEX ON {} (id, period)",
    "UNIQUE INDEX ON {} (site_id, period, revision)",
    "INDEX ON {} (digest)",
    "INDEX ON {} (log_index)",
    "INDEX ON {} (site_id, ledger_sequence)",
    "INDEX ON {} (period, state, site_id)",
    "INDEX ON {} (key_id, attempts, log_index) WHERE state IN ('received', 'opening')",
)
ACROSS_PERIODS = ("digest", "log_index", "site_id, ledger_sequence")
"""Unique over all periods: an envelope has one receipt, an index one entry, a number in a site's
ledger one report.
"""

CLAIM = (
    "UPDATE {0} SET attempts = attempts + 1 WHERE (id, period) IN (SELECT id, period FROM {0} "
    "WHERE state IN ('received', 'opening') AND key_id = 'k' ORDER BY attempts, log_index LIMIT 1 "
    "FOR UPDATE SKIP LOCKED)"
)
FILL = (
    "INSERT INTO {0} SELECT n, md5(n::text) || md5(n::text), n % {sites}, to_char(n / {sites} + "
    "1, '\"2025-\"FM00'), 1, 'k', n / {sites}, "
    "decode(repeat(md5(n::text), 12), 'hex'), n, CASE WHEN n >= {waits_from} THEN 'received' ELSE "
    "'accepted' END, 0, now() "
    "FROM generate_series(0, {last}) AS n"
)
MONTH_CHANGED = "UPDATE {0} SET decided_at = now() WHERE period = '2025-12'"
STATEMENTS = {
    "claim the next that waits": CLAIM,
    "a report by its digest": "SELECT id FROM {0} WHERE digest = md5('77') || md5('77')",
    "all reports of a site": "SELECT id FROM {0} WHERE site_id = 77 ORDER BY log_index DESC",
    "states of a period": "SELECT state, count(*) FROM {0} WHERE period = '2025-12' GROUP BY state",
}


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 120_000
    with tempfile.TemporaryDirectory(
        prefix="steplabel-partitions-", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's user is not ours
        with postgres.started(folder) as (_programs, _origin, port):
            where = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
            with psycopg.connect(where, autocommit=True) as server:
                _compare(server, rows)
    return 0


def _compare(server: psycopg.Connection[tuple[object, ...]], rows: int) -> None:
    for table in ("whole", "by_period"):
        _fill(server, table, rows)
        print(f"{table}, {rows:,} rows: {', '.join(_measured(server, table))}", flush=True)
    for columns in ACROSS_PERIODS:
        try:
            server.execute(f"CREATE UNIQUE INDEX ON by_period ({columns})")
        except psycopg.errors.FeatureNotSupported as refused:
            print(f"unique ({columns}), by period: {refused.diag.message_primary}")


def _fill(server: psycopg.Connection[tuple[object, ...]], table: str, rows: int) -> None:
    parted = " PARTITION BY LIST (period)" if table == "by_period" else ""
    statements = [f"CREATE TABLE {table} ({COLUMNS}){parted}"]
    if parted:
        statements += [
            f"CREATE TABLE {table}_{n} PARTITION OF {table} FOR VALUES IN ('2025-{n:02}')"
            for n in range(1, MONTHS + 1)
        ]
    sites = rows // MONTHS
    statements += [
        FILL.format(table, sites=sites, waits_from=rows - WAITING, last=sites * MONTHS - 1),
        *(f"CREATE {index.format(table)}" for index in INDEXES),
        f"VACUUM ANALYZE {table}",
    ]
    for statement in statements:
        server.execute(statement)


def _measured(server: psycopg.Connection[tuple[object, ...]], table: str) -> list[str]:
    figures = []
    for name, statement in STATEMENTS.items():
        seconds = []
        for _ in range(TIMES):
            start = time.perf_counter()
            server.execute(statement.format(table))
            seconds.append(time.perf_counter() - start)
        figures.append(f"{name} {median(seconds) * 1_000:.2f} ms")
    server.execute(MONTH_CHANGED.format(table))
    start = time.perf_counter()
    server.execute(f"VACUUM {table}")
    figures.append(f"vacuum {time.perf_counter() - start:.2f} s")
    return figures


if __name__ == "__main__":
    sys.exit(main())
