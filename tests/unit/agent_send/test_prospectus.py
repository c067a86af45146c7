"""What a person is shown is what leaves: the same fields, the same figures, in both languages."""

from __future__ import annotations

import dataclasses
import re
import string
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language, languages
from benchmarks.phrases import Phrase
from benchmarks.wire.envelope import parse
from benchmarks.wire.schema import DIGEST_BYTES, decode_report
from reporting_agent.sending import consent
from reporting_agent.sending.consent import (
    SCHEME,
    Language,
    agreed,
    number,
    odds_ratio,
    terms,
    text,
    texts,
)
from reporting_agent.sending.planning import Subject, plan
from reporting_agent.sending.preview import ASKED, Prospectus
from reporting_agent.sending.submission import ReportMaterial
from reporting_agent.software import VERSION
from tests.unit.agent_send.cast import SITE, SOFTWARE, Desk, heats, material

NOTHING = bytes(DIGEST_BYTES)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def draft(year: ReportMaterial) -> Prospectus:
    planned = plan(
        year.site_label, year.batches, year.pack, Subject(SITE, "2016", 1, correction=False)
    )
    report = planned.report(
        planned.drafts(), data_root=NOTHING, challenge=NOTHING, salt=NOTHING, software=SOFTWARE
    )
    return Prospectus(
        report,
        None,
        drawn=False,
        state="planned",
        pack=year.pack,
        spent_after={("eaf", 2016): Fraction(2)},
    )


@pytest.fixture
def sealed(enrolled: Desk, year: ReportMaterial) -> Prospectus:
    with enrolled.road as road:
        parcel = enrolled.submission().prepare(year, "2016", road, correct=False)
    assert parcel.plaintext is not None
    assert parcel.envelope is not None
    report = decode_report(parcel.plaintext)
    return Prospectus(
        report,
        parse(parcel.envelope).header,
        drawn=True,
        state="sealed",
        pack=year.pack,
        spent_after={("eaf", 2016): Fraction(2)},
    )


def test_draft_and_sealed_report_have_the_same_fields(
    draft: Prospectus, sealed: Prospectus
) -> None:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items() if key != "cell"}
        return [shape(item) for item in value] if isinstance(value, list) else value

    before, after = draft.canonical(), sealed.canonical()
    for name in ("data_root", "challenge", "salt"):
        before.pop(name)
        after.pop(name)
    assert shape(before) == shape(after)


def test_a_record_that_may_be_told_as_either_of_two_variants_counts_in_both() -> None:
    batches = [
        dataclasses.replace(batch, variant=("any", "stainless", "plain-carbon")[i % 3])
        for i, batch in enumerate(heats(300))
    ]
    data = material(batches)
    planned = plan(
        data.site_label, data.batches, data.pack, Subject(SITE, "2016", 1, correction=False)
    )
    assert {
        (release.label.variant, release.label.metric.value) for release in planned.releases
    } == {(variant, "total") for variant in ("any", "stainless", "plain-carbon")}
    assert (
        "eaf",
        "electricity",
        "metric-limit",
    ) in planned.withheld  # a batch could not pay for a second metric of several variants
    assert {debit.epsilon for debit in planned.debits()} == {
        2
    }  # one variant that it leaves, one that it enters
    report = planned.report(
        planned.drafts(), data_root=NOTHING, challenge=NOTHING, salt=NOTHING, software=SOFTWARE
    )
    shown = Prospectus(report, None, drawn=False, state="planned", pack=data.pack, spent_after={})
    assert shown.epsilon_by_step() == {"eaf": 2}  # one metric in each of two variants
    languages: tuple[tuple[Language, str], ...] = (
        ("en", "counted as one or the other: epsilon 2"),
        ("zh", "归入其中任一）：ε = 2"),
    )
    for language, sentence in languages:
        assert sentence in shown.to_text(language)


def test_a_draft_shows_no_value_in_place_of_a_draw(draft: Prospectus) -> None:
    canonical = draft.canonical()
    assert {label["best"]["cell"] for label in canonical["labels"]} == {text("en", "mark.draw")}
    assert canonical["data_root"] == text("en", "mark.submit")
    assert draft.to_json()["report_cbor"] is None


def test_no_field_leaves_that_is_not_asked_for_with_a_reason(sealed: Prospectus) -> None:
    assert sealed.header is not None
    written = sealed.canonical()
    leaving = {
        *sealed.header.to_wire(),
        *written,
        *(name for label in written["labels"] for name in label),
    }
    for language in languages():
        shown = sealed.to_text(language)
        for group in ASKED:
            assert text(language, f"why.{group}") in shown
    assert {name for fields in ASKED.values() for name in fields} == leaving | {"reason", "years"}


def test_what_is_agreed_to_is_shown_in_words_and_signed_by_its_digest(
    sealed: Prospectus, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sealed.report.consent == agreed()
    assert (agreed().purpose, agreed().use, agreed().naming) == (
        "industry-label",
        "no-enforcement-incentives",
        "not-named-in-public",
    )
    for language in languages():
        for term in terms(language):
            assert term in sealed.to_text(language)
    before = agreed()
    altered = {**texts(), "term.use": Phrase("Use: for enforcement.")}
    monkeypatch.setattr(consent, "texts", lambda: altered)
    assert agreed().terms != before.terms


@pytest.mark.parametrize("language", languages())
def test_every_drawn_value_is_shown_in_words(sealed: Prospectus, language: Language) -> None:
    shown = sealed.to_text(language)
    for label in sealed.report.released.labels:
        assert f"{number(label.best_value)} {label.unit}" in shown
        assert f"{number(label.typical_value)} {label.unit}" in shown


@pytest.mark.parametrize("language", languages())
def test_every_field_of_the_plaintext_is_shown(sealed: Prospectus, language: Language) -> None:
    words = sealed.to_text(language).split(text(language, "section.canonical"))[0]
    report = sealed.report
    assert report.consent is not None
    digests = (
        report.pack_digest,
        report.policy_digest,
        report.data_root,
        report.challenge,
        report.consent.terms,
    )
    for value in (*(digest.hex() for digest in digests), report.software, SCHEME, SITE, "2016"):
        assert value in words


def test_the_odds_are_those_of_all_metrics_of_a_step_together(sealed: Prospectus) -> None:
    risk = sealed.to_json()["risk"]
    assert risk["steps"] == {"eaf": {"epsilon": "2", "odds_ratio": "7.39"}}
    assert risk["summed"] == {"epsilon": "2", "odds_ratio": "7.39"}


@pytest.mark.parametrize(
    ("epsilon", "bound"),
    [
        (Fraction(1), "2.72"),
        (Fraction(2), "7.39"),
        (Fraction(3, 4), "2.12"),
        (Fraction(5), "148.42"),
    ],
)
def test_a_bound_is_rounded_up(epsilon: Fraction, bound: str) -> None:
    assert odds_ratio(epsilon) == bound


@pytest.mark.parametrize(
    ("value", "shown"),
    [("301/5", "60.2"), ("-30", "-30"), ("1/3", "1/3"), ("1/40", "0.025"), ("0", "0")],
)
def test_a_number_is_written_exactly(value: str, shown: str) -> None:
    assert number(Fraction(value)) == shown


def test_both_languages_fill_in_the_same_values() -> None:
    def blanks(words: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name}

    for key, words in texts().items():
        assert blanks(words) == blanks(in_language(words, "zh")), key
        assert (
            re.search(r"[一-鿿]", in_language(words, "zh"))
            or blanks(in_language(words, "zh"))
            or key.startswith("sign.")
        ), key


def test_the_agent_calls_itself_by_the_version_of_the_package() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
