"""The announcement of the agent's newest version: who may sign one, and which are refused though
they are signed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import agent_releases
from benchmarks.wire.agent_releases import AgentRelease, ReleasedFile, WhatChanges
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.signing import DirectoryKey, Purpose

KEY = DirectoryKey.generate()
PINNED = KEY.key_id
TODAY = date(2026, 11, 23)
SECOND = AgentRelease(
    2,
    "0.2.0",
    TODAY,
    TODAY + timedelta(days=366),
    (ReleasedFile("steplabel-agent-linux-python3.13.pyz", "ab" * 32),),
    (WhatChanges("en", "Reads OPC UA."), WhatChanges("zh", "可读取 OPC UA。")),
)


def refused(raw: bytes, last_seen: bytes | None = None, today: date = TODAY) -> str:
    with pytest.raises(VerificationError) as refusal:
        agent_releases.renewed(raw, PINNED, last_seen, today)
    return refusal.value.code


def test_what_the_coordinator_signed_is_taken_and_taken_again() -> None:
    raw = agent_releases.issue(SECOND, KEY)
    assert agent_releases.renewed(raw, PINNED, None, TODAY) == SECOND
    assert agent_releases.renewed(raw, PINNED, raw, TODAY) == SECOND
    assert (SECOND.what_changes("zh"), SECOND.what_changes("de")) == (
        "可读取 OPC UA。",
        "Reads OPC UA.",
    )


def test_another_key_signs_none() -> None:
    assert (
        refused(agent_releases.issue(SECOND, DirectoryKey.generate()))
        == "agent-release-signature-invalid"
    )


@pytest.mark.parametrize(
    "change",
    [{"version": "0.3.0"}, {"number": 3}, {"until": "2036-01-01"}],
    ids=["version", "number", "until"],
)
def test_a_changed_one_is_refused(change: dict[str, str | int]) -> None:
    whole = decode(agent_releases.issue(SECOND, KEY))
    assert isinstance(whole, dict)
    assert isinstance(whole["agent_release"], dict)
    whole["agent_release"] |= change
    assert refused(encode(whole)) == "agent-release-signature-invalid"


def test_a_signature_of_the_same_key_for_another_purpose_is_none() -> None:
    whole = decode(agent_releases.issue(SECOND, KEY))
    assert isinstance(whole, dict)
    whole["signature"] = KEY.sign(Purpose.DIRECTORY, whole["agent_release"])
    assert refused(encode(whole)) == "agent-release-signature-invalid"


def test_an_older_one_shown_again_is_refused_though_it_is_signed() -> None:
    first, second = (
        agent_releases.issue(replace(SECOND, number=1, version="0.1.5"), KEY),
        agent_releases.issue(SECOND, KEY),
    )
    assert (
        agent_releases.verify(first, PINNED).version == "0.1.5"
    )  # nothing but what was seen speaks against it
    assert agent_releases.renewed(second, PINNED, first, TODAY) == SECOND
    assert refused(first, last_seen=second) == "agent-release-outdated"


def test_two_under_one_number_are_refused() -> None:
    other = agent_releases.issue(replace(SECOND, version="0.2.1"), KEY)
    assert refused(other, last_seen=agent_releases.issue(SECOND, KEY)) == "agent-release-forked"


def test_one_that_is_shown_for_longer_than_it_is_good_is_refused() -> None:
    raw = agent_releases.issue(SECOND, KEY)
    assert agent_releases.renewed(raw, PINNED, raw, SECOND.until - timedelta(days=1)) == SECOND
    assert refused(raw, last_seen=raw, today=SECOND.until) == "agent-release-outdated"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "0.2"},
        {"version": "0.02.0"},
        {"until": TODAY},
        {"files": ()},
        {"files": SECOND.files * 2},
        {"changes": SECOND.changes[1:]},
        {"changes": SECOND.changes[:1] * 2},
    ],
    ids=[
        "two numbers",
        "a nought in front",
        "no day",
        "no file",
        "a file twice",
        "no English",
        "English twice",
    ],
)
def test_what_does_not_hold_together_is_not_signed(wrong: dict[str, object]) -> None:
    with pytest.raises(VerificationError) as refusal:
        agent_releases.issue(replace(SECOND, **wrong), KEY)  # type: ignore[arg-type] # the point of it
    assert refusal.value.code == "field-malformed"


@pytest.mark.parametrize(
    ("own", "newer"), [("0.1.9", True), ("0.2.0", False), ("0.10.0", False), ("1.0.0", False)]
)
def test_versions_are_compared_by_their_numbers(own: str, newer: bool) -> None:
    assert SECOND.is_newer_than(own) is newer
