"""Every byte that the agent sends, from enrolment to receipt, opened with the processing key and
searched for the plant's data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks.wire import envelope, sealing
from benchmarks.wire.canonical import Value, decode
from reporting_agent.sending.consent import RETENTION_YEARS
from reporting_agent.sending.submission import ReportMaterial
from tests.unit.agent_send.cast import Desk, heats, material

HEATS = 437  # a count that is no class and no grid point by chance


@pytest.fixture
def plant() -> ReportMaterial:
    return material(heats(HEATS))


@pytest.fixture
def conversation(desk: Desk, plant: ReportMaterial) -> Desk:
    desk.enrol()
    submission = desk.submission()
    with desk.road as road:
        submission.consult(road)
        submission.send(submission.prepare(plant, "2016", road, correct=False), road)
    return desk


def plaintexts(desk: Desk) -> Iterator[Value]:
    """Every commitment that was sent, and header and opened report of every envelope."""
    for body in desk.portal.commitment_bodies:
        yield decode(body)
    for body in desk.portal.bodies:
        parsed = envelope.parse(body)
        yield parsed.header.to_wire()
        inner = decode(sealing.unseal(desk.portal.processing_key, parsed.header, parsed.sealed))
        assert isinstance(inner, dict)
        assert isinstance(inner["report"], bytes)
        yield decode(inner["report"])


def leaves(value: Value) -> Iterator[int | str | bytes]:
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def test_only_these_addresses_are_ever_asked(conversation: Desk) -> None:
    asked = [
        (request.method, request.url.path, request.url.query)
        for request in conversation.portal.asked
    ]
    assert asked == [
        ("POST", "/api/v1/enrolments/", b""),
        ("GET", "/api/v1/directory/", b""),
        ("GET", "/api/v1/log/head/", b""),
        ("GET", "/api/v1/submissions/", b""),
        ("GET", "/api/v1/commitments/", b""),
        ("POST", "/api/v1/commitments/", b""),
        ("POST", "/api/v1/submissions/", b""),
    ]


def test_no_batch_id_and_no_time_of_a_batch_is_in_any_text(
    conversation: Desk, plant: ReportMaterial
) -> None:
    texts = [
        leaf
        for whole in plaintexts(conversation)
        for leaf in leaves(whole)
        if isinstance(leaf, str)
    ]
    texts += [
        json.dumps(json.loads(request.content))
        for request in conversation.portal.asked
        if b"secret" in request.content
    ]
    for batch in plant.batches:
        for fragment in (
            batch.batch_id,
            batch.start.date().isoformat(),
            batch.start.isoformat(),
            str(int(batch.start.timestamp())),
        ):
            assert not any(fragment in text for text in texts)


def test_no_number_is_a_count_an_output_an_energy_or_an_exact_value(
    conversation: Desk, plant: ReportMaterial
) -> None:
    sent = {
        leaf
        for whole in plaintexts(conversation)
        for leaf in leaves(whole)
        if isinstance(leaf, int)
    }
    secrets: set[int] = set()
    for label in plant.site_label.steps:
        exact = [
            label.minimum,
            label.best.value,
            label.typical,
            label.mean,
            label.output,
            *label.energy_by_carrier.values(),
        ]
        exact += [batch.energy for batch in label.values]
        secrets |= {label.read, label.used}
        for value in exact:
            assert value is not None
            secrets |= {round(value * scale) for scale in (10, 100, 1_000, 10_000, 1_000_000)}
    assert HEATS in secrets
    assert sent.isdisjoint(secrets)


def test_every_number_sent_is_public_or_was_drawn(
    conversation: Desk, plant: ReportMaterial
) -> None:
    """Nothing is left to explain: each integer is of the pack, the header, or one of the four drawn
    grid points.
    """
    whole = [
        plaintext
        for plaintext in plaintexts(conversation)
        if isinstance(plaintext, dict) and "labels" in plaintext
    ]
    (report,) = whole
    assert isinstance(report["labels"], list)
    eaf = plant.pack.step("eaf")
    for entry, rule in zip(report["labels"], eaf.metrics, strict=True):
        assert isinstance(entry, dict)
        grid = entry.pop("grid")
        assert grid == {
            "lower": [rule.grid.lower.numerator, rule.grid.lower.denominator],
            "upper": [rule.grid.upper.numerator, rule.grid.upper.denominator],
            "width": [rule.grid.width.numerator, rule.grid.width.denominator],
        }
        assert entry.pop("count_class") in plant.pack.policy.count_classes
        for name in ("best", "typical"):
            drawn = entry.pop(name)
            assert isinstance(drawn, dict)
            assert set(drawn) == {"quantile", "cell", "epsilon"}
        assert not [leaf for leaf in leaves(entry) if isinstance(leaf, int)]
    left = [leaf for leaf in leaves({**report, "labels": []}) if isinstance(leaf, int)]
    assert left == [RETENTION_YEARS, 1]  # of the consent; and the revision


def test_the_search_finds_a_count_if_one_is_sent(conversation: Desk) -> None:
    """The search is worth something: planted in the plaintext, the count of batches is found."""
    planted: list[Value] = [*plaintexts(conversation), {"labels": [{"count": HEATS}]}]
    assert HEATS in {leaf for whole in planted for leaf in leaves(whole)}
