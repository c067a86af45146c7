"""Header and report: strict both ways."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import InputError, VerificationError
from benchmarks.measurements import Metric
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, ReleasedReport
from benchmarks.wire import canonical, schema
from benchmarks.wire.schema import Consent, Header, Report

identifiers = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
words = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=30)
digests = st.binary(min_size=32, max_size=32)
epsilons = st.builds(Fraction, st.integers(1, 16), st.sampled_from([1, 2, 4, 8, 64])).filter(
    lambda e: e <= 16
)


@st.composite
def released_labels(draw: st.DrawFn) -> ReleasedLabel:
    lower = draw(st.fractions(-1000, 1000, max_denominator=1000))
    width = draw(st.fractions(Fraction(1, 1000), 10, max_denominator=1000))
    grid = Grid(lower, lower + width * draw(st.integers(1, 500)), width)
    points = st.integers(0, grid.points - 1)
    low = draw(st.fractions(Fraction(1, 100), Fraction(49, 100), max_denominator=100))
    return ReleasedLabel(
        step=draw(identifiers),
        product=draw(words),
        variant=draw(st.just("") | words),
        boundary=draw(words),
        metric=draw(st.sampled_from(Metric)),
        unit=draw(st.sampled_from(["kgce/t", "kWh/t", "MJ/t"])),
        grid=grid,
        count_class=draw(st.sampled_from([50, 340, 5000])),
        best=ReleasedQuantile(low, draw(points), draw(epsilons)),
        typical=ReleasedQuantile(Fraction(1, 2), draw(points), draw(epsilons)),
        years=draw(st.sampled_from([1, 1, 2, 3])),
        months=draw(st.sampled_from([None, None, 1, 11])),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    key = lambda label: (label.step, label.product, label.variant, label.metric)  # noqa: E731
    released = ReleasedReport(
        site=draw(identifiers),
        pack=draw(identifiers),
        pack_version=draw(identifiers),
        period=draw(st.sampled_from(["2016", "2016-Q1", "2016-05", "2016-01-01/2016-01-03"])),
        revision=draw(st.integers(0, 9999)),
        labels=tuple(draw(st.lists(released_labels(), max_size=4, unique_by=key))),
        withheld=tuple(
            draw(
                st.lists(
                    st.tuples(
                        identifiers,
                        st.sampled_from([metric.value for metric in Metric]),
                        identifiers,
                    ),
                    max_size=3,
                )
            )
        ),
    )
    consent = st.builds(
        Consent, identifiers, digests, identifiers, identifiers, identifiers, st.integers(0, 100)
    )
    pack, policy, root, challenge, salt = (draw(digests) for _ in range(5))
    return Report(
        released, pack, policy, root, challenge, draw(words), salt, draw(st.none() | consent)
    )


@pytest.mark.parametrize("years", [0, 1, 10, -1, "2", [2]])
def test_years_are_told_where_they_are_several_and_in_one_spelling(
    report: Report, years: object
) -> None:
    with pytest.raises(VerificationError) as refused:
        schema.decode_report(
            changed(report, lambda content: content["labels"][0].update(years=years))
        )
    assert refused.value.code in ("field-malformed", "cbor-not-canonical")
    two = schema.decode_report(
        changed(report, lambda content: content["labels"][0].update(years=2))
    )
    assert two.released.labels[0].years == 2


@pytest.mark.parametrize("months", [0, -1, 109, "2", [2]])
def test_months_are_told_where_some_are_lacking_and_in_one_spelling(
    report: Report, months: object
) -> None:
    with pytest.raises(VerificationError) as refused:
        schema.decode_report(
            changed(report, lambda content: content["labels"][0].update(months=months))
        )
    assert refused.value.code in ("field-malformed", "cbor-not-canonical")
    four = schema.decode_report(
        changed(report, lambda content: content["labels"][0].update(months=4))
    )
    assert four.released.labels[0].months == 4


@pytest.mark.slow
@given(reports())
def test_a_report_read_back_is_the_report_that_was_written(report: Report) -> None:
    raw = schema.encode_report(report)
    assert schema.decode_report(raw) == report
    assert schema.encode_report(schema.decode_report(raw)) == raw


def changed(report: Report, change: Callable[[dict[str, Any]], object]) -> bytes:
    content: Any = copy.deepcopy(canonical.decode(schema.encode_report(report)))
    change(content)
    return canonical.encode(content)


def label_field(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["labels"][0].__setitem__(name, value)


def inner_field(part: str, name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda content: content["labels"][0][part].__setitem__(name, value)


BAD_REPORTS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "another schema": (
        lambda c: c.update(schema="steplabel/report/2"),
        "field-malformed",
        "schema",
    ),
    "a field more": (lambda c: c.update(batches=14727), "field-unknown", "batches"),
    "a field more in a label": (label_field("minimum", 354), "field-unknown", "labels[0].minimum"),
    "a field more in a draw": (
        inner_field("best", "value", 354),
        "field-unknown",
        "labels[0].best.value",
    ),
    "a field more in the grid": (
        inner_field("grid", "step", 1),
        "field-unknown",
        "labels[0].grid.step",
    ),
    "no site": (lambda c: c.pop("site"), "field-missing", "site"),
    "no data root": (lambda c: c.pop("data_root"), "field-missing", "data_root"),
    "no typical value": (
        lambda c: c["labels"][0].pop("typical"),
        "field-missing",
        "labels[0].typical",
    ),
    "site with a slash": (lambda c: c.update(site="works/2"), "field-malformed", "site"),
    "site as a number": (lambda c: c.update(site=2), "field-malformed", "site"),
    "site with a line break at its end": (
        lambda c: c.update(site="works-2\n"),
        "field-malformed",
        "site",
    ),
    "a short digest": (lambda c: c.update(pack_digest=bytes(31)), "field-malformed", "pack_digest"),
    "a digest as hex": (
        lambda c: c.update(pack_digest="00" * 32),
        "field-malformed",
        "pack_digest",
    ),
    "a revision below zero": (lambda c: c.update(revision=-1), "field-malformed", "revision"),
    "a period that is none": (lambda c: c.update(period="2016-13"), "field-malformed", "period"),
    "a period under a longer name": (
        lambda c: c.update(period="2016-01-01/2017-01-01"),
        "period-not-canonical",
        "2016",
    ),
    "labels that are a map": (lambda c: c.update(labels={}), "field-malformed", "labels"),
    "a label that is text": (lambda c: c.update(labels=["eaf"]), "field-malformed", "labels[0]"),
    "513 refusals": (
        lambda c: c.update(withheld=c["withheld"] * 513),
        "field-malformed",
        "withheld",
    ),
    "a label twice": (lambda c: c.update(labels=c["labels"] * 2), "label-repeated", "converter"),
    "control characters": (
        lambda c: c.update(software="agent\x1b[2J"),
        "field-malformed",
        "software",
    ),
    "a text without end": (
        label_field("product", "x" * 121),
        "field-malformed",
        "labels[0].product",
    ),
    "a metric of its own": (label_field("metric", "water"), "field-malformed", "labels[0].metric"),
    "no batches": (label_field("count_class", 0), "field-malformed", "labels[0].count_class"),
    "a grid point above the grid": (
        inner_field("best", "cell", 1001),
        "field-malformed",
        "labels[0].best.cell",
    ),
    "a grid point below the grid": (
        inner_field("best", "cell", -1),
        "field-malformed",
        "labels[0].best.cell",
    ),
    "a fraction not in lowest terms": (
        inner_field("best", "epsilon", [6, 8]),
        "field-malformed",
        "labels[0].best.epsilon",
    ),
    "a fraction with a denominator of zero": (
        inner_field("best", "epsilon", [1, 0]),
        "field-malformed",
        "labels[0].best.epsilon",
    ),
    "a fraction with the sign below": (
        inner_field("grid", "lower", [60, -1]),
        "field-malformed",
        "labels[0].grid.lower",
    ),
    "a fraction of three": (
        inner_field("grid", "lower", [1, 2, 3]),
        "field-malformed",
        "labels[0].grid.lower",
    ),
    "a budget that is not dyadic": (
        inner_field("best", "epsilon", [7, 10]),
        "field-malformed",
        "labels[0].best.epsilon",
    ),
    "no budget": (
        inner_field("best", "epsilon", [0, 1]),
        "field-malformed",
        "labels[0].best.epsilon",
    ),
    "a budget without end": (
        inner_field("best", "epsilon", [17, 1]),
        "field-malformed",
        "labels[0].best.epsilon",
    ),
    "a quantile of one": (
        inner_field("typical", "quantile", [1, 1]),
        "field-malformed",
        "labels[0].typical.quantile",
    ),
    "a best above the typical": (
        inner_field("best", "quantile", [3, 4]),
        "field-malformed",
        "labels[0].best.quantile",
    ),
    "a grid upside down": (
        inner_field("grid", "upper", [-61, 1]),
        "field-malformed",
        "labels[0].grid.upper",
    ),
    "a grid of no width": (
        inner_field("grid", "width", [0, 1]),
        "field-malformed",
        "labels[0].grid.width",
    ),
    "a grid fine enough to carry the exact value": (
        inner_field("grid", "width", [1, 10**9]),
        "field-malformed",
        "labels[0].grid.upper",
    ),
    "a reason that is a sentence": (
        lambda c: c["withheld"][0].update(reason="only 49 batches"),
        "field-malformed",
        "withheld[0].reason",
    ),
    "no challenge": (lambda c: c.pop("challenge"), "field-missing", "challenge"),
    "a short challenge": (lambda c: c.update(challenge=bytes(31)), "field-malformed", "challenge"),
    "consent that is empty": (lambda c: c.update(consent=""), "field-malformed", "consent"),
    "consent without its use": (lambda c: c["consent"].pop("use"), "field-missing", "consent.use"),
    "consent to something more": (
        lambda c: c["consent"].update(resale="allowed"),
        "field-unknown",
        "consent.resale",
    ),
    "consent without end": (
        lambda c: c["consent"].update(retention_years=1000),
        "field-malformed",
        "consent.retention_years",
    ),
}


@pytest.mark.parametrize("case", BAD_REPORTS)
def test_a_bad_report_is_refused_by_the_name_of_its_field(case: str, report: Report) -> None:
    change, code, named = BAD_REPORTS[case]
    with pytest.raises(VerificationError) as refusal:
        schema.decode_report(changed(report, change))
    assert (refusal.value.code, named in refusal.value.sentence) == (code, True)


def test_every_field_is_needed_but_consent(report: Report) -> None:
    content = canonical.decode(schema.encode_report(report))
    assert isinstance(content, dict)
    for name in content:
        raw = changed(report, lambda content, name=name: content.pop(name))  # type: ignore[misc]
        if name == "consent":
            assert schema.decode_report(raw) == replace(report, consent=None)
        else:
            with pytest.raises(VerificationError, match=f"The field {name} is missing"):
                schema.decode_report(raw)


def test_a_report_that_could_not_be_read_back_is_not_written(
    report: Report, label: ReleasedLabel
) -> None:
    outside = replace(label, best=replace(label.best, grid_point=5000))
    with pytest.raises(VerificationError, match=r"labels\[0\]\.best\.cell"):
        schema.encode_report(replace(report, released=replace(report.released, labels=(outside,))))


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("2016-01-01/2017-01-01", "2016"),
        ("2016-04-01/2016-07-01", "2016-Q2"),
        ("2016-12-01/2017-01-01", "2016-12"),
        ("2016-02-01/2016-05-01", "2016-02-01/2016-05-01"),
        ("2016-Q4", "2016-Q4"),
        ("2016", "2016"),
        ("2016-01", "2016-01"),
    ],
)
def test_a_period_has_one_name(long: str, short: str) -> None:
    assert schema.canonical_period(long) == short


def test_what_is_no_period_has_no_name() -> None:
    with pytest.raises(InputError):
        schema.canonical_period("last year")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site", ""),
        ("period", "٢٠١٦"),
        ("revision", 10_000),
        ("key_id", "AB" * 32),
        ("device_id", "-"),
        ("ledger_sequence", -1),
    ],
)
def test_a_bad_header_is_refused_by_the_name_of_its_field(
    field: str, value: Any, header: Header
) -> None:
    content = header.to_wire() | {field: value}
    with pytest.raises(VerificationError, match=field):
        Header.from_wire(content)


def test_a_header_has_no_room_for_more(header: Header) -> None:
    with pytest.raises(VerificationError) as refusal:
        Header.from_wire(header.to_wire() | {"batches": 7})
    assert refusal.value.code == "field-unknown"
