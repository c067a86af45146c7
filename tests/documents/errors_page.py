"""The tables of `docs/errors.md`: a room's refusals, written from the source and compared with
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rest_framework import exceptions

from tests.documents import fault_rows
from tests.documents.refusals import FILLED_IN, ROOT, Refusal, refusals

PAGE = ROOT / "docs" / "errors.md"
MOST_SENTENCES = 3
EXCLUSIONS = "<!-- reasons: exclusions -->"

ROOMS: dict[str, tuple[str, ...]] = {
    "site": (
        "reporting_agent/config",
        "reporting_agent/savings",
        "reporting_agent/commands/init.py",
        "reporting_agent/fleet",
        "benchmarks/guidance",
    ),
    "sources": (
        "reporting_agent/sources",
        "reporting_agent/live",
        "reporting_agent/pipeline",
        "reporting_agent/report",
        "reporting_agent/proposal",
        "reporting_agent/fetched_prices.py",
        "reporting_agent/commands/prices.py",
        "reporting_agent/commands/map.py",
        "reporting_agent/workbook",
    ),
    "reporting": (
        "reporting_agent/state.py",
        "reporting_agent/sending/enrolment.py",
        "reporting_agent/sending/log_heads.py",
        "reporting_agent/sending/log_restarts.py",
        "reporting_agent/sending/planning.py",
        "reporting_agent/changes",
        "reporting_agent/sending/report_material.py",
        "reporting_agent/sending/privacy_ledger.py",
        "reporting_agent/pipeline/batch_names.py",
        "reporting_agent/sending/challenge_bindings.py",
        "reporting_agent/sending/set_back.py",
        "reporting_agent/sending/cut_otherwise.py",
        "reporting_agent/audit/witness_visits.py",
        "reporting_agent/commands/witness.py",
        "reporting_agent/sending/kept_reports.py",
        "reporting_agent/sending/rotation.py",
        "reporting_agent/sending/sealed_again.py",
        "reporting_agent/sending/eligibility.py",
        "reporting_agent/sending/submission.py",
        "reporting_agent/sending/transport.py",
        "reporting_agent/network.py",
        "reporting_agent/sending/announced.py",
        "reporting_agent/commands/enrol.py",
        "reporting_agent/commands/status.py",
        "reporting_agent/commands/submit.py",
        "benchmarks/privacy",
        "benchmarks/release.py",
    ),
    "compare": (
        "reporting_agent/published.py",
        "reporting_agent/commands/compare.py",
        "benchmarks/wire/published.py",
    ),
    "exercises": (
        "benchmarks/exercises",
        "reporting_agent/exercises",
        "reporting_agent/commands/exercise.py",
    ),
    "exports": ("reporting_agent/exports", "reporting_agent/commands/export.py"),
    "quantities": (
        "benchmarks/foreign_files.py",
        "benchmarks/measurements.py",
        "benchmarks/quantities.py",
        "benchmarks/carriers.py",
        "benchmarks/conversion.py",
        "benchmarks/gas_and_steam.py",
        "benchmarks/labels",
    ),
    "packs": (
        "benchmarks/packs",
        "benchmarks/wire/approved.py",
        "reporting_agent/approved_packs.py",
        "reporting_agent/signed_library.py",
        "reporting_agent/commands/pack.py",
        "reporting_agent/commands/practices.py",
        "portal/governance",
        "portal/practices",
    ),
    "industry": ("benchmarks/composition", "benchmarks/ranking.py", "benchmarks/disclosure"),
    "wire": ("benchmarks/wire",),
    "audit": (
        "benchmarks/audit",
        "reporting_agent/audit/openings",
        "reporting_agent/commands/answer_files.py",
        "reporting_agent/commands/auditor.py",
        "reporting_agent/commands/draw.py",
        "reporting_agent/commands/open.py",
        "reporting_agent/commands/verify.py",
        "reporting_agent/commands/reconcile.py",
        "reporting_agent/audit/reconciliation",
    ),
    "door": (
        "portal/request_sizes.py",
        "portal/keys.py",
        "portal/problems.py",
        "portal/api_views.py",
        "portal/schema.py",
        "portal/listing.py",
        "portal/web/middleware/proxies.py",
        "portal/accounts",
        "portal/intake",
        "portal/translog",
    ),
    "opening": ("portal/opening",),
    "publishing": (
        "portal/whole_text.py",
        "portal/accounts/deciding.py",
        "portal/publication",
        "portal/assurance",
        "portal/catalogue",
        "portal/partners",
    ),
    "operating": (
        "portal/register",
        "portal/sharing",
        "portal/key_ceremony.py",
        "portal/key_token.py",
        "portal/accounts/management",
        "portal/web/lists/tables.py",
    ),
}
"""Marker on the page -> where its refusals are raised; the longest path that fits counts."""

FRAMEWORK = (
    exceptions.ParseError,
    exceptions.MethodNotAllowed,
    exceptions.NotAcceptable,
    exceptions.UnsupportedMediaType,
)
"""What Django REST framework itself refuses before a view of ours is asked; `portal.problems` makes
the document.
"""


def of_the_framework() -> Iterable[Refusal]:
    for refused in FRAMEWORK:
        sentence = re.sub(r"\{\w+\}", FILLED_IN, str(refused.default_detail))
        remedy = "See /api/v1/schema/ for what this address takes."
        yield Refusal(
            refused.default_code.replace("_", "-"),
            str(refused.status_code),
            sentence,
            remedy,
            "portal/problems.py",
        )


def room_of(refusal: Refusal) -> str:
    fitting = [
        (len(path), room)
        for room, paths in ROOMS.items()
        for path in paths
        if refusal.file.startswith(path)
    ]
    if not fitting:
        raise LookupError(
            f"{refusal.file} raises {refusal.code!r} and stands in no room of {PAGE.name}"
        )
    return max(fitting)[1]


def table(of_room: Iterable[Refusal]) -> str:
    """One row for every code, status and remedy; many sentences that differ in their end only
    become one.
    """
    rows: dict[tuple[str, str, str], list[str]] = {}
    for refusal in sorted(of_room):
        rows.setdefault((refusal.code, refusal.status, refusal.remedy), []).append(refusal.sentence)
    lines = ["| code | ends with | what it says | what to do |", "|---|---|---|---|"]
    for (code, status, remedy), sentences in rows.items():
        distinct = list(dict.fromkeys(sentences))
        sentence = (
            f"{_common(distinct)}{FILLED_IN}"
            if len(distinct) > MOST_SENTENCES
            else " Or: ".join(distinct)
        )
        lines.append(f"| `{code}` | {status} | {_cell(sentence)} | {_cell(remedy)} |")
    return "\n".join(lines)


def filled(text: str) -> str:
    """The page with the table of every room between its markers, and the faults of batches among
    the reasons.
    """
    by_room: dict[str, list[Refusal]] = {room: [] for room in ROOMS}
    for refusal in (*refusals(), *of_the_framework()):
        by_room[room_of(refusal)].append(refusal)
    for room, of_room in by_room.items():
        begin, end = f"<!-- refusals: {room} -->", f"<!-- end: {room} -->"
        before, rest = text.split(begin, 1)
        text = f"{before}{begin}\n{table(of_room)}\n{end}{rest.split(end, 1)[1]}"
    before, rest = text.split(EXCLUSIONS, 1)
    reasons, after = rest.split("<!-- end", 1)
    return f"{before}{EXCLUSIONS}\n{fault_rows.among_reasons(reasons)}\n<!-- end{after}"


def listed_codes(heading: str) -> list[str]:
    """The codes in the first column of the table below a heading of the page."""
    section = (
        PAGE.read_text(encoding="utf-8")
        .split(f"<!-- reasons: {heading} -->", 1)[1]
        .split("<!-- end", 1)[0]
    )
    return re.findall(r"^\| `([a-z0-9-]+)`", section, flags=re.MULTILINE)


def _common(sentences: list[str]) -> str:
    """The words that all of them begin with."""
    first, last = min(sentences), max(sentences)  # whatever these two share, all share
    same = [word == other for word, other in zip(first.split(" "), last.split(" "), strict=False)]
    return "".join(f"{word} " for word in first.split(" ")[: [*same, False].index(False)])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
