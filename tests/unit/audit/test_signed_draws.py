"""The auditor's promise and draw: signed, bound to one another, and the same positions for
everybody.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from benchmarks.audit import signed_draws
from benchmarks.audit.committed_tree import Contents, MeterPart, StepPart, UsedLeaves
from benchmarks.audit.sampling_plan import STANDARD, SamplingPlan, StratumKind, StratumSize
from benchmarks.audit.signed_draws import Draw, Head
from benchmarks.errors import VerificationError
from benchmarks.wire.canonical import Value, decode, encode
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.signing import AuditorSigningKey

NONCE = bytes(range(32))
KEY = AuditorSigningKey.generate()
COMMITMENT = ReportCommitment("works-2", "2025", 2, b"r" * 32)
QUANTILES = {"kiln": Fraction(1, 20)}


def contents() -> Contents:
    """300 used batches in two cells, 40 excluded, two meters over 30 days."""
    step = StepPart(
        "kiln",
        "total",
        "kgce/t",
        (UsedLeaves("clinker", "", 1, 200), UsedLeaves("clinker", "white", 201, 100)),
        301,
        40,
    )
    meters = (MeterPart("coal", 341, 30), MeterPart("main", 371, 30))
    return Contents(
        "works-2",
        "2025",
        2,
        512,
        (step,),
        meters,
        (),
        b"p" * 32,
        b"q" * 32,
        b"s" * 32,
        "agent",
        b"c" * 32,
    )


def a_draw(**changes: object) -> Draw:
    promise = signed_draws.read_promise(
        signed_draws.promise("works-2", "2025", NONCE, date(2026, 4, 1), KEY)
    )
    drawn = Draw(
        COMMITMENT, NONCE, Head(18_204, b"h" * 32), STANDARD, (), KEY.public, promise.digest
    )
    return dataclasses.replace(drawn, **changes)  # type: ignore[arg-type]  # the fields of a draw


def test_a_draw_reads_as_it_was_written() -> None:
    for drawn in (
        a_draw(),
        a_draw(steps=("kiln",), seal_to=bytes(1216)),
        a_draw(plan=SamplingPlan({StratumKind.USED: StratumSize(Fraction(1, 2), Fraction(1, 3))})),
    ):
        assert signed_draws.read(signed_draws.sign(drawn, KEY)) == drawn


def test_a_promise_shows_nothing_of_the_nonce_and_binds_to_it() -> None:
    raw = signed_draws.promise("works-2", "2025", NONCE, date(2026, 4, 1), KEY)
    assert NONCE not in raw
    signed_draws.require_promised(a_draw(), signed_draws.read_promise(raw))


@pytest.mark.parametrize(
    "raw",
    [
        signed_draws.promise("works-2", "2025", bytes(32), date(2026, 4, 1), KEY),
        signed_draws.promise("works-3", "2025", NONCE, date(2026, 4, 1), KEY),
        signed_draws.promise("works-2", "2024", NONCE, date(2026, 4, 1), KEY),
        signed_draws.promise("works-2", "2025", NONCE, date(2026, 4, 2), KEY),
        signed_draws.promise(
            "works-2", "2025", NONCE, date(2026, 4, 1), AuditorSigningKey.generate()
        ),
    ],
    ids=["nonce", "site", "period", "day", "key"],  # signatures differ from process to process
)
def test_another_promise_is_refused(raw: bytes) -> None:
    with pytest.raises(VerificationError, match="not the one that its auditor promised"):
        signed_draws.require_promised(a_draw(), signed_draws.read_promise(raw))


@pytest.mark.parametrize(
    "other",
    [
        {"plan": SamplingPlan({})},
        {"steps": ("kiln",)},
    ],
)
def test_a_draw_by_another_plan_than_the_promised_one_is_refused(other: dict[str, Any]) -> None:
    promise = signed_draws.read_promise(
        signed_draws.promise("works-2", "2025", NONCE, date(2026, 4, 1), KEY)
    )
    with pytest.raises(VerificationError) as refused:
        signed_draws.require_promised(a_draw(**other), promise)
    assert refused.value.code == "plan-not-promised"
    matching = signed_draws.read_promise(
        signed_draws.promise("works-2", "2025", NONCE, date(2026, 4, 1), KEY, **other)
    )
    assert (matching.plan, matching.steps) == (other.get("plan", STANDARD), other.get("steps", ()))
    signed_draws.require_promised(a_draw(**other, promise=matching.digest), matching)


def changed(raw: bytes, part: str, name: str, value: Value) -> bytes:
    whole = decode(raw)
    assert isinstance(whole, dict)
    inner = whole[part]
    assert isinstance(inner, dict)
    inner[name] = value
    return encode(whole)


@pytest.mark.parametrize(
    ("name", "value"),
    [("nonce", bytes(32)), ("head_size", 1), ("steps", ["mill"]), ("head_root", bytes(32))],
)
def test_an_altered_draw_is_refused(name: str, value: Value) -> None:
    with pytest.raises(VerificationError, match="not signed"):
        signed_draws.read(changed(signed_draws.sign(a_draw(), KEY), "draw", name, value))


def test_an_altered_promise_is_refused() -> None:
    raw = signed_draws.promise("works-2", "2025", NONCE, date(2026, 4, 1), KEY)
    with pytest.raises(VerificationError, match="not signed"):
        signed_draws.read_promise(changed(raw, "promise", "nonce_digest", bytes(32)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plan: plan["sizes"].update(edge={"confidence": [1, 2], "share": [1, 2]}),
        lambda plan: plan["sizes"].update(luck={"confidence": [1, 2], "share": [1, 2]}),
        lambda plan: plan["sizes"]["used"].update(confidence=[1, 1]),
        lambda plan: plan["sizes"]["used"].update(share=[2, 1]),
    ],
)
def test_a_plan_outside_reason_is_refused(
    spoil: Callable[[dict[str, dict[str, dict[str, Value]]]], None],
) -> None:
    whole = decode(signed_draws.sign(a_draw(), KEY))
    spoil(whole["draw"]["plan"])  # type: ignore[index, call-overload, arg-type]
    with pytest.raises(VerificationError) as refused:
        signed_draws.read(encode(whole))
    assert refused.value.code == "field-malformed"


def test_a_key_signs_its_owners_draws_only() -> None:
    with pytest.raises(ValueError, match="another auditor"):
        signed_draws.sign(a_draw(), AuditorSigningKey.generate())


def test_strata_follow_the_table_of_contents() -> None:
    strata = {
        stratum.name: (stratum.kind, stratum.first, stratum.count, stratum.ranks)
        for stratum in signed_draws.strata(contents(), QUANTILES)
    }
    assert strata == {
        "edge/kiln/clinker/": (StratumKind.EDGE, 1, 200, (10, 100)),
        "below/kiln/clinker/": (StratumKind.BELOW, 1, 10, ()),
        "edge/kiln/clinker/white": (StratumKind.EDGE, 201, 100, (5, 50)),
        "below/kiln/clinker/white": (StratumKind.BELOW, 201, 5, ()),
        "used/kiln": (StratumKind.USED, 1, 300, ()),
        "excluded/kiln": (StratumKind.EXCLUDED, 301, 40, ()),
        "days": (StratumKind.DAYS, 341, 60, ()),
        "padding": (StratumKind.PADDING, 401, 111, ()),
    }


def test_the_steps_named_are_drawn_and_days_and_padding_always() -> None:
    assert [stratum.kind for stratum in signed_draws.strata(contents(), QUANTILES, ("mill",))] == [
        StratumKind.DAYS,
        StratumKind.PADDING,
    ]
    step_outside_pack = signed_draws.strata(contents(), {})
    assert [stratum.kind for stratum in step_outside_pack] == [
        StratumKind.USED,
        StratumKind.EXCLUDED,
        StratumKind.DAYS,
        StratumKind.PADDING,
    ]


def test_positions_hang_on_nonce_head_and_root() -> None:
    drawn = a_draw().positions(contents(), QUANTILES)
    assert drawn == signed_draws.read(signed_draws.sign(a_draw(), KEY)).positions(
        contents(), QUANTILES
    )
    assert {record.kind for record in drawn} == set(StratumKind)
    for other in (
        a_draw(nonce=bytes(32)),
        a_draw(head=Head(18_205, b"h" * 32)),
        a_draw(commitment=dataclasses.replace(COMMITMENT, data_root=bytes(32))),
    ):
        assert other.positions(contents(), QUANTILES) != drawn
