"""docs/sizing.md: what one machine carries and where it breaks, worked out from what
`tests.functional.outages.day` measured.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from tests.documents.refusals import ROOT

PAGE = ROOT / "docs" / "sizing.md"
MEASURED = ROOT / "tests" / "functional" / "outages" / "measured.json"
SITES = (10_000, 30_000, 100_000, 1_000_000)
HOUR_S = 3_600
BUSY = 0.7
"""Of a core or a lock, used in the peak hour: above it, waiting grows faster than work."""
PEAK = 3.0
"""Reports of a deadline's last hour over those of an even hour of that size: they do not come
evenly.
"""
DAY = 30_000
"""Reports: a deadline day of 10,000 sites in one hour, three times over."""
OPEN_WITHIN_H = 12.0
"""What came by a deadline is to be opened so soon."""
DISK_GB = 400.0
"""One disk of a database server, kept at most half full."""


@dataclass(frozen=True, slots=True)
class Need:
    """What so many sites need where all report once within an hour."""

    sites: int
    web_cores: float  # with nginx and Redis, where they were counted
    worker_cores: float  # where what came is opened within `OPEN_WITHIN_H`
    database_cores: float
    lock_share: float  # of the time in which the log's head is held, by all web processes together
    gb_a_year: float

    @property
    def machines(self) -> int:
        """Of 8 cores, for web and workers."""
        return max(1, math.ceil((self.web_cores + self.worker_cores) / 8))


def need(sites: int, measured: dict[str, Any]) -> Need:
    """Linear in the reports: processor time per report as measured, at the peak's rate for what an
    agent waits for.
    """
    per_s = sites / HOUR_S * PEAK
    cpu = {kind: seconds / 1_000 for kind, seconds in measured["cpu_s_per_1000"].items()}
    return Need(
        sites,
        web_cores=per_s * sum(cpu.get(kind, 0.0) for kind in ("web", "proxy", "redis")) / BUSY,
        worker_cores=sites * cpu["worker"] / (OPEN_WITHIN_H * HOUR_S) / BUSY,
        database_cores=per_s * cpu["database"] / BUSY,
        lock_share=per_s * measured["log_held_ms"] / 1_000,
        gb_a_year=sites * measured["database_bytes_per_report"] / 1e9,
    )


def first_limit(demand: Need) -> str:
    """What breaks first on one database server of 8 cores."""
    if demand.lock_share > BUSY:
        return "the log's head: one row that every report passes"
    if demand.database_cores > 8 * BUSY:
        return "the database server's cores"
    if demand.gb_a_year * 5 > DISK_GB / 2:
        return "the disk, within five years"
    if demand.web_cores > 8 * BUSY:
        return "the web's cores: add a machine"
    return "nothing on one server of 8 cores"


def filled(text: str) -> str:
    """The page with its two tables and the sizes at which something gives out.

    Raises:
        LookupError: the page has no place for one of them.
    """
    measured = json.loads(MEASURED.read_text("utf-8"))
    blocks = {
        "measured": _measured(measured),
        "needs": _needs(measured),
        "breaks": _breaks(measured),
    }
    for name, block in blocks.items():
        pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end: {name} -->)"
        text, count = re.subn(pattern, rf"\g<1>\n{block}\n\n\g<2>", text, flags=re.DOTALL)
        if count != 1:
            raise LookupError(f"{PAGE.name} has {count} places for the table {name!r}")
    return text


def _needs(measured: dict[str, Any]) -> str:
    heading = (
        "sites",
        "peak, reports a second",
        "web, cores",
        "workers, cores",
        "database, cores",
        "log's head held",
        "GB a year, a report a site",
        "machines of 8 cores for web and workers",
        "gives out first",
    )
    rows = [
        f"| {demand.sites:,} | {demand.sites / HOUR_S * PEAK:,.0f} | {demand.web_cores:.1f} | "
        f"{demand.worker_cores:.1f} | "
        f"{demand.database_cores:.1f} | {100 * demand.lock_share:.0f} % | {demand.gb_a_year:,.1f} "
        f"| {demand.machines} | "
        f"{first_limit(demand)} |"
        for demand in (need(sites, measured) for sites in SITES)
    ]
    return "\n".join([f"| {' | '.join(heading)} |", f"|{'---:|' * (len(heading) - 1)}---|", *rows])


def _breaks(measured: dict[str, Any]) -> str:
    at = {what: f"{_largest(measured, what):,}" for what in ("web", "database", "lock")}
    return (
        f"In that hour one machine of 8 cores for the web carries {at['web']} sites, one database "
        f"server of 8 cores {at['database']},\n"
        f"and the one row that orders the log {at['lock']}, whatever machines stand around it.\n\n"
        f"Of the {2 * HOUR_S:,} processor seconds that two cores have in an hour, {DAY:,} reports "
        "take "
        f"{DAY / 1_000 * sum(measured['cpu_s_per_1000'].values()):,.0f}, as measured above; "
        "agents come on top."
    )


def _largest(measured: dict[str, Any], what: str) -> int:
    """Sites, to two digits, that one server of 8 cores (or the one lock) carries in that hour."""
    demand = need(1, measured)
    share = {
        "web": demand.web_cores / 8,
        "database": demand.database_cores / 8,
        "lock": demand.lock_share / BUSY,
    }[what]
    sites = 1 / share
    return int(round(sites, 1 - math.floor(math.log10(sites))))


def _measured(measured: dict[str, Any]) -> str:
    cpu = ", ".join(f"{kind} {seconds:g} s" for kind, seconds in measured["cpu_s_per_1000"].items())
    memory = "; ".join(
        f"web {part['web']:g}, worker {part['worker']:g}" for part in measured["parts"]
    )
    waiting = (
        ", ".join(f"{part['waiting']:g}" for part in measured["parts"] if "waiting" in part)
        or "not counted in this run"
    )
    rate = (
        f"; begun at an even rate of {measured['offered_per_hour']:,} an hour"
        if measured.get("offered_per_hour")
        else ""
    )
    sites = (
        f"; {measured['registered']:,} sites registered, {measured['sites']:,} reported"
        if "registered" in measured
        else ""
    )
    sites += "; sealed before the run (`--prepared`)" if measured.get("prepared") else ""
    pace = f"{measured['per_hour']:,} an hour{rate}{sites}"
    return f"""| what | measured |
|---|---|
| machine, load beside it, release, day | {measured["machine"]}; load {measured["load"]}; {measured["version"]}; {measured["day"]} |
| reports, by agents at once, in | {measured["reports"]:,}, {measured["agents"]}, {measured["minutes"]:g} minutes ({pace}) |
| lost, doubled, refusals and errors | {measured["lost"]}, {measured["doubled"]}, {measured["errors"]} |
| a report, as its agent waits for it: median, 99th percentile | {measured["report_p50_s"]:g} s, {measured["report_p99_s"]:g} s |
| the submission's request alone: median, 99th percentile | {measured["request_p50_ms"]:g} ms, {measured["request_p99_ms"]:g} ms |
| processor time per 1,000 reports: commitment, report, opening, and pages read beside | {cpu} |
| both databases, tables and indexes, per report | {measured["database_bytes_per_report"]:,} bytes |
| the log's head is held for one entry, with the commit on both servers (least of 100) | {measured["log_held_ms"]:g} ms |
| memory after each equal part of the run, MB | {memory} |
| reports waiting to be opened, then | {waiting} |"""
