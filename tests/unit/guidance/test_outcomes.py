"""What sites report of practices: a class by interval and estimate, counted by fives, as one
sentence; and the file that carries it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable

import pytest
from pydantic import ValidationError

from benchmarks.errors import VerificationError
from benchmarks.guidance.closed_batches import closing_batch
from benchmarks.guidance.outcomes import PracticeOutcomes, SavingOutcome
from benchmarks.guidance.practices import Library, told_by_a_firm
from benchmarks.phrases import Name
from benchmarks.wire import outcomes
from benchmarks.wire.outcomes import SiteOutcome
from benchmarks.wire.signing import DeviceKey

KEY = DeviceKey.generate()
KEYS = {KEY.key_id: KEY.public}
FOUND = SiteOutcome("ab" * 32, "works-1", "rm-use-of-roller-mills", "1", "2-to-5", "2026")
CLASSES = ("under-2", "under-2", "5-or-more", "not-proven", "used-more")
FIVE: list[tuple[Hashable, str, int, bool]] = [
    (firm, outcome, 2024 + firm % 2, firm < 2) for firm, outcome in enumerate(CLASSES)
]


@pytest.mark.parametrize(
    ("saving", "low", "high", "is_"),
    [
        (-0.03, -0.05, -0.01, "used-more"),
        (-0.03, -0.05, 0.0, "not-proven"),
        (0.09, 0.0, 0.18, "not-proven"),
        (0.0199, 0.001, 0.04, "under-2"),
        (0.02, 0.001, 0.04, "2-to-5"),
        (math.nextafter(0.05, 0), 0.01, 0.09, "2-to-5"),
        (0.05, 0.01, 0.09, "5-or-more"),
    ],
)
def test_the_interval_proves_and_the_estimate_makes_the_class(
    saving: float, low: float, high: float, is_: str
) -> None:
    assert SavingOutcome.of(saving, low, high) == is_


def test_a_batch_takes_of_five_firms_the_report_that_waits_longest() -> None:
    assert closing_batch([1, 1, 2, 3, 4, 2]) == ()
    assert closing_batch([1, 1, 2, 3, 4, 2, 5]) == (0, 2, 3, 4, 6)


def test_counts_are_one_sentence_with_every_class_in_both_languages() -> None:
    reported = PracticeOutcomes.of(FIVE)
    assert (reported.sites, reported.firms, reported.years) == (5, 5, "2024–2025")
    for language, parts in (
        (
            "en",
            (
                "5 sites of 5 firms (2024–2025)",
                "proven at 3 (less than 2 % of the expected energy at 2",
                "5 % or more at 1",
                "used at 1",
                "own records: 2 of 5.",
            ),
        ),
        (
            "zh",
            ("5 家企业", "5 个生产厂区", "2024–2025", "不到 2 %", "3", "用能增加", "5 个中的 2 个"),
        ),
    ):
        assert all(part in reported.words.said_in(language) for part in parts), (
            reported.words.said_in(language)
        )
    assert all(outcome.words.said_in("zh") != outcome.words.en for outcome in SavingOutcome)


def test_less_than_five_firms_and_counts_that_do_not_add_up_are_no_library() -> None:
    library = Library(lists=(), practices=(), reported={"a": PracticeOutcomes.of(FIVE)})
    assert Library.model_validate_json(library.model_dump_json()) == library
    with pytest.raises(ValidationError, match="firms"):
        PracticeOutcomes.of(FIVE[:4])
    for change in ({"firms": 4}, {"sites": 6}, {"confirmed": 6}):
        altered = json.loads(library.model_dump_json())
        altered["reported"]["a"] |= change
        with pytest.raises(ValidationError):
            Library.model_validate(altered)


def test_a_file_holds_its_class_and_nothing_beside() -> None:
    document = outcomes.sign(FOUND, KEY)
    assert set(document) == {
        "schema",
        "portal",
        "site",
        "practice",
        "version",
        "outcome",
        "year",
        "signature",
    }
    raw = json.dumps(document, indent=2).encode()
    assert len(raw) < outcomes.MOST_BYTES / 4
    assert outcomes.verify(raw, lambda _found: KEYS) == FOUND


@pytest.mark.parametrize(
    "change",
    [
        *({"outcome": "5-or-more"}, {"site": "works-2"}, {"practice": "another"}),
        *({"version": "2"}, {"year": "2025"}, {"portal": "cd" * 32}),
        *(
            {"signature": {}},
            {"signature": None},
            {"signature": {"key_id": "k", "value": "00"}},
            {"signature": "x"},
        ),
    ],
    ids=str,
)
def test_whatever_is_altered_it_is_refused(change: dict[str, object]) -> None:
    raw = json.dumps(outcomes.sign(FOUND, KEY) | change).encode()
    assert refusal(raw) == "outcome-signature-invalid"
    assert (
        refusal(json.dumps(outcomes.sign(FOUND, DeviceKey.generate())).encode())
        == "outcome-signature-invalid"
    )


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.7", b"[]", b"{}", b"\xff\xfe", b"[" * 4000])
def test_what_is_no_such_file_is_refused(raw: bytes) -> None:
    assert refusal(raw) == "outcome-unreadable"


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "3.1 %"},
        {"saving_kwh": "12"},
        {"site": "a\0b"},
        {"year": "9999"},
        {"version": 1},
        {"schema": "other"},
        {"x": "y" * 4000},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_file_may_not_hold_is_refused(change: dict[str, object]) -> None:
    assert refusal(json.dumps(outcomes.sign(FOUND, KEY) | change).encode()) == "outcome-unreadable"


def refusal(raw: bytes) -> str:
    with pytest.raises(VerificationError) as refused:
        outcomes.verify(raw, lambda _found: KEYS)
    return refused.value.code


def test_a_signed_library_takes_the_place_of_what_came_before_by_id_and_stands_after_the_rest() -> (
    None
):
    source, practice = Library.held().lists[0], Library.held().practices[0]
    before = Library(
        lists=(source,),
        practices=(practice, practice.model_copy(update={"id": "stays"})),
        reported={"a": PracticeOutcomes.of(FIVE), "b": PracticeOutcomes.of(FIVE)},
    )
    six = PracticeOutcomes.of([*FIVE, (5, "under-2", 2026, False)])
    newer = practice.model_copy(update={"version": 7})
    both = before.with_further(Library(lists=(source,), practices=(newer,), reported={"a": six}))
    assert both.lists == (source,), "the same list is there once"
    assert [(entry.id, entry.version) for entry in both.practices] == [
        ("stays", practice.version),
        (practice.id, 7),
    ]
    assert {of: reported.sites for of, reported in both.reported.items()} == {"a": 6, "b": 5}
    assert both.reported["a"].years == "2024\u20132026"


def test_practices_are_of_one_sectors_step() -> None:
    practice = Library.held().practices[0]
    others = [
        practice.model_copy(update=changed)
        for changed in ({"id": "a", "sector": "steel"}, {"id": "b", "step": "another"})
    ]
    library = Library(lists=(Library.held().listing(practice),), practices=(*others, practice))
    assert library.of_step(practice.sector, practice.step or "") == (practice,)
    assert library.of_step("steel", practice.step or "") == (others[0],)


def test_a_firm_that_chose_not_to_be_named_is_named_nowhere() -> None:
    assert told_by_a_firm(None).en == "A firm that chose not to be named, with its consent"
    assert told_by_a_firm(Name("Hebei Cement")).en == "Hebei Cement, with its consent"
