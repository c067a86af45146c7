"""The tiles of a site's record: what is attested is told with the body and the period of that audit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from benchmarks.phrases import Name
from portal.web.presenters.site_record import _tiles


def audit(body: str, period: str, *standings: str) -> Any:
    attestations = tuple(SimpleNamespace(standing=standing) for standing in standings)
    return SimpleNamespace(body=Name(body), period=period, taken_back_at=None, attestations=attestations, findings=())


def audit_tile(*audits: Any) -> tuple[str, str]:
    facts: Any = SimpleNamespace(submissions=(), devices=(), audits=audits)
    tile = _tiles(facts)[2]
    return tile.state.word, tile.note


def test_an_attestation_is_not_told_of_the_next_audit() -> None:
    assert audit_tile(audit("New body", "2026"), audit("Old body", "2025", "valid")) == ("Attested", "Old body, 2025")
    assert audit_tile(audit("New body", "2026"), audit("Old body", "2025", "expired")) == ("In progress", "New body, 2026")
    assert audit_tile() == ("None assigned", "")
