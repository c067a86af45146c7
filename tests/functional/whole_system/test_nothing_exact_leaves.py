"""Every byte that the agent sends, searched for what must stay; and the search itself, shown to
find what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.wire import canonical, envelope, sealing
from benchmarks.wire.schema import encode_report
from benchmarks.wire.signing import VerifyingKey
from portal import keys
from portal.accounts.models import Device
from portal.intake.models import Submission, SubmissionState
from tests.functional.whole_system.conftest import AgentAtPlant
from tests.functional.whole_system.exact_facts import (
    ExactFacts,
    counts_in,
    facts_of,
    found_in_bytes,
    found_in_message,
)
from tests.functional.whole_system.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


@pytest.mark.parametrize(
    ("pack", "road"),
    [
        ("cement", "csv"),
        ("cement", "meters"),
        pytest.param("steel", "meters", marks=pytest.mark.long),
    ],
)
def test_no_exact_value_batch_id_count_or_timestamp_is_in_what_the_agent_sends(
    pack: str,
    road: str,
    plant_of: Callable[..., AgentAtPlant],
    portal_relay: Relay,
    worker_sweeps: Callable[[], object],
    tmp_path: Path,
) -> None:
    agent = plant_of(pack, road=road)
    agent.answer("enrol")
    agent.answer("submit")
    agent.answer("label", "--out", str(tmp_path / "exact"))
    facts = facts_of(tmp_path / "exact")
    assert len(facts.names) > 1000
    assert len(facts.numbers) > 100

    assert found_in_bytes(facts, portal_relay.everything, shortest=6) == []

    (raw,) = portal_relay.bodies("/api/v1/submissions/")
    sent = envelope.parse(raw)
    inside = canonical.decode(sealing.unseal(keys.processing_key(), sent.header, sent.sealed))
    assert isinstance(inside, dict)
    device = VerifyingKey.from_hex(Device.objects.get().public_key)
    report = envelope.open(sent, keys.processing_key(), device)

    assert (
        found_in_message(facts, {**inside, "report": canonical.decode(encode_report(report))}) == []
    )
    assert counts_in(facts, canonical.decode(encode_report(report))) == []
    assert counts_in(facts, sent.header.to_wire()) == []
    assert {label.count_class for label in report.released.labels} <= set(
        agent.plant.pack.policy.count_classes
    )

    worker_sweeps()
    submission = Submission.objects.get()
    assert (submission.state, submission.reason) == (SubmissionState.ACCEPTED, "")


def test_what_preview_promised_is_what_was_sealed(
    plant_of: Callable[..., AgentAtPlant], portal_relay: Relay
) -> None:
    agent = plant_of("cement", road="csv")
    agent.answer("enrol")
    before = agent.answer("preview")
    agent.answer("submit")
    after = agent.answer("preview")

    assert (before["drawn"], before["report_cbor"]) == (False, None)
    (raw,) = portal_relay.bodies("/api/v1/submissions/")
    device = VerifyingKey.from_hex(Device.objects.get().public_key)
    sent = envelope.open(envelope.parse(raw), keys.processing_key(), device)
    assert after["drawn"]
    assert after["report_cbor"] == encode_report(sent).hex()


def test_the_search_finds_every_kind_of_fact_in_every_form() -> None:
    noon = datetime(2025, 3, 4, 12, 0, tzinfo=UTC)
    facts = ExactFacts(
        {"eaf-00017": "batch id"},
        {noon: "start of eaf-00017"},
        {369.574357582: "best"},
        {2461: "batches read"},
    )
    import struct

    for leak in (
        b"..eaf-00017..",
        b"x" + struct.pack(">d", 369.574357582) + b"y",
        b"x" + struct.pack("<f", 369.574357582) + b"y",
        b"value 369.574 kWh",
        b"x" + (369.574357582).hex().encode() + b"y",
        b"2025-03-04T12:00:00+00:00",
        str(int(noon.timestamp())).encode(),
        int(noon.timestamp()).to_bytes(4, "big"),
        (int(noon.timestamp()) * 1_000_000).to_bytes(8, "big"),
    ):
        assert len(found_in_bytes(facts, leak)) == 1, leak
        assert len(found_in_message(facts, {"note": leak})) == 1, leak
    digest = bytes(14) + struct.pack(">f", 369.574357582) + bytes(14)
    assert found_in_message(facts, {"root": digest}) == []
    assert len(found_in_message(facts, {"root": digest + b"eaf-00017"})) == 1
    assert counts_in(facts, {"labels": [{"count_class": 2000, "n": 2461}]}) == [
        "batches read: 2461 at /labels/0/n"
    ]
    assert counts_in(facts, {"labels": [{"best": {"cell": 2461}}]}) == []
