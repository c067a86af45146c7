"""State, wire, API and packs carry one version number each; a number from the future is refused by
name (docs/upgrade.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import RequestFactory

from benchmarks import packs
from benchmarks.audit import openings, signed_draws
from benchmarks.conversion import FactorTable
from benchmarks.errors import SteplabelError
from benchmarks.wire import (
    attestations,
    canonical,
    challenges,
    commitments,
    directory,
    envelope,
    heads,
    receipts,
    restarts,
)
from benchmarks.wire.records import VERSION
from portal.problems import not_found
from reporting_agent.state import SCHEMA_VERSION, StateDirectory

READERS: dict[str, Callable[[bytes], object]] = {
    "attestation": attestations.parse,
    "challenge": challenges.parse,
    "commitment": commitments.parse,
    "directory": lambda raw: directory.verify(raw, ""),
    "draw": signed_draws.read,
    "envelope": envelope.parse,
    "head": heads.parse,
    "opening": openings.read,
    "receipt": lambda raw: receipts.read(raw, {}),
    "restart": restarts.parse,
}


def code_of(asked: Callable[[], object]) -> str:
    with pytest.raises(SteplabelError) as refused:
        asked()
    return refused.value.code


@pytest.mark.parametrize("kind", READERS)
def test_a_document_of_a_later_wire_format_is_refused(kind: str) -> None:
    raw = canonical.encode({"v": VERSION + 1})
    assert code_of(lambda: READERS[kind](raw)) == "wire-version-unknown"


def test_a_state_directory_of_a_later_agent_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    with state.connect() as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = state.database.read_bytes()

    def opened() -> None:
        with state.connect():
            pass

    assert code_of(opened) == "state-too-new"
    assert state.database.read_bytes() == before


def test_a_later_version_of_the_api_is_named_and_another_address_is_not() -> None:
    def code_at(rest: str) -> str:
        answer = not_found(RequestFactory().get(f"/api/{rest}"), rest)
        assert answer.status_code == 404
        return str(json.loads(answer.content)["code"])

    assert code_at("v2/benchmarks/") == "api-version-unknown"
    assert code_at("v1/nothing/") == code_at("v20x/") == code_at("") == "not-found"


def test_a_later_version_of_a_pack_or_of_the_factors_is_refused() -> None:
    for name in packs.shipped():
        assert code_of(lambda name=name: packs.load(name, "2")) == "pack-version-unknown"  # type: ignore[misc]
    assert code_of(lambda: FactorTable.of("2")) == "factor-table-version-unknown"
