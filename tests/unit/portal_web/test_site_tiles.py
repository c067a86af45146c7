"""The tiles and tables of a site's record: what is attested is told with the body and the period of
that audit, and why one ended.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import QueryDict
from django.utils.translation import override

from benchmarks.phrases import Name
from portal.register.leaving import BECAUSE
from portal.web.presenters.site_record import _tables, _tiles


def audit(
    body: str,
    period: str,
    *standings: str,
    taken_back_at: object = None,
    opinion: str = "unqualified",
) -> Any:
    attestations = tuple(
        SimpleNamespace(standing=standing, statement=SimpleNamespace(opinion=opinion))
        for standing in standings
    )
    return SimpleNamespace(
        body=Name(body),
        period=period,
        taken_back_at=taken_back_at,
        attestations=attestations,
        findings=(),
    )


def audit_tile(*audits: Any) -> tuple[str, str]:
    facts: Any = SimpleNamespace(submissions=(), devices=(), audits=audits)
    tile = _tiles(facts)[2]
    return tile.state.word, tile.note


def test_an_attestation_is_not_told_of_the_next_audit() -> None:
    assert audit_tile(audit("New body", "2026"), audit("Old body", "2025", "valid")) == (
        "Attested",
        "Old body, 2025",
    )
    assert audit_tile(audit("New body", "2026"), audit("Old body", "2025", "expired")) == (
        "In progress",
        "New body, 2026",
    )
    assert audit_tile() == ("None assigned", "")


def test_a_statement_that_stands_is_told_after_its_assignment_was_taken_back() -> None:
    ended = object()
    assert audit_tile(audit("A body", "2025", "valid", taken_back_at=ended)) == (
        "Attested",
        "A body, 2025",
    )
    assert audit_tile(audit("A body", "2025", "withdrawn", taken_back_at=ended)) == (
        "None assigned",
        "",
    )
    assert audit_tile(
        audit("New body", "2026"), audit("A body", "2025", "valid", taken_back_at=ended)
    ) == ("Attested", "A body, 2025")


def test_an_adverse_opinion_is_not_told_as_attested() -> None:
    adverse = audit("Another body", "2025", "valid", opinion="adverse")
    assert audit_tile(adverse) == ("Adverse", "Another body, 2025")
    assert audit_tile(audit("A body", "2025", "valid"), adverse) == (
        "Adverse",
        "Another body, 2025",
    )
    assert audit_tile(audit("A body", "2026", "valid"), adverse) == ("Attested", "A body, 2026")


@pytest.mark.parametrize(
    ("language", "because"),
    [("en", "the firm has left the programme"), ("zh-hans", "该企业已退出本计划")],
)
def test_why_an_assignment_ended_with_its_firm_is_said_in_the_readers_language(
    language: str, because: str
) -> None:
    ended = SimpleNamespace(
        body=Name("A body"),
        period="2026",
        due=None,
        taken_back_at=object(),
        taken_back_reason=str(BECAUSE),
        findings=(),
        id=1,
    )
    facts: Any = SimpleNamespace(
        audits=(ended,), submissions=(), added=(), extensions=(), requests=()
    )
    with override(language):
        (row,) = (row for table in _tables(facts, QueryDict()) for row in table.rows)
    assert row[-1].note == because
