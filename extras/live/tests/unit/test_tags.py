"""Batches out of tags: by state, by id alone, in whatever order a control writes them, and from the
middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extras.live.sources.tags import TagChange, TaggedUnit, latest
from extras.live.spool.segments import Row

CONSTANTS = {"step": "eaf", "equipment": "eaf-1"}


def unit(*, by_state: bool = True) -> TaggedUnit:
    return TaggedUnit(CONSTANTS, ("6",), ("17", "9"), by_state=by_state)


def changes(*written: tuple[int, str, str]) -> list[TagChange]:
    return [TagChange(tag, minute, f"T{minute:02}", value) for minute, tag, value in written]


def merged(rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    by_batch: dict[str, dict[str, str]] = {}
    for row in rows:
        assert row["table"] == "batches"
        by_batch.setdefault(row["batch_id"], {}).update(
            {name: cell for name, cell in row.items() if name not in ("table", "batch_id")}
        )
    return by_batch


WANTED = {
    "H1": {**CONSTANTS, "product": "a", "start": "T01", "end": "T05", "output_quantity": "120.5"},
    "H2": {**CONSTANTS, "product": "a", "start": "T07", "end": "T09", "output_quantity": "99.0"},
}
TOLD = changes(
    (0, "product", "a"),
    (1, "batch_id", "H1"),
    (1, "state", "6"),
    (3, "state", "11"),
    (4, "state", "6"),
    (5, "output_quantity", "120.5"),
    (5, "state", "17"),
    (7, "batch_id", "H2"),
    (7, "state", "6"),
    (9, "output_quantity", "99.0"),
    (9, "state", "9"),
)


def test_a_batch_lasts_from_its_start_to_its_end_and_being_held_is_neither() -> None:
    assert merged(unit().take(TOLD)) == WANTED


@pytest.mark.parametrize("at", range(1, len(TOLD)))
def test_taken_in_two_parts_with_repeats_the_rows_are_the_same(at: int) -> None:
    control = unit()
    assert (
        merged(
            [*control.take(TOLD[:at]), *control.take(TOLD[max(0, at - 3) :]), *control.take(TOLD)]
        )
        == WANTED
    )


@pytest.mark.parametrize("at", range(1, len(TOLD)))
def test_one_that_starts_anew_goes_on_from_its_latest_row(at: int) -> None:
    """With history from the beginning of the latest batch, and what stood before that."""
    rows = list(unit().take(TOLD[:at]))
    again = unit()
    since = 0
    if (row := latest(rows, CONSTANTS)) is not None:
        again.resume(row)
        since = int(row["start"].removeprefix("T"))
    stood = [change for change in TOLD if change.time_us < since and change.tag == "product"]
    rows += again.take([*stood, *(change for change in TOLD if change.time_us >= since)])
    assert merged(rows) == WANTED


def test_an_id_that_comes_after_its_state_names_the_batch_since_its_state() -> None:
    tag_changes = changes(
        (1, "batch_id", "H1"),
        (1, "state", "6"),
        (5, "state", "17"),
        (7, "state", "6"),
        (8, "batch_id", "H2"),
        (9, "state", "17"),
    )
    rows = merged(unit().take(tag_changes))
    assert {name: (row["start"], row["end"]) for name, row in rows.items()} == {
        "H1": ("T01", "T05"),
        "H2": ("T07", "T09"),
    }


def test_without_a_state_a_batch_lasts_as_long_as_its_id() -> None:
    tag_changes = changes(
        (1, "batch_id", "H1"), (5, "batch_id", "H2"), (8, "batch_id", "0"), (9, "batch_id", "H3")
    )
    rows = merged(unit(by_state=False).take(tag_changes))
    assert {name: (row["start"], row.get("end")) for name, row in rows.items()} == {
        "H1": ("T01", "T05"),
        "H2": ("T05", "T08"),
        "H3": ("T09", None),
    }


def test_what_is_written_after_the_end_corrects_it() -> None:
    tag_changes = [*TOLD[:7], *changes((6, "output_quantity", "121.0"))]
    assert merged(unit().take(tag_changes))["H1"]["output_quantity"] == "121.0"


@pytest.mark.parametrize("value", ["0.0", "0", "", "nan", "-1", "None"])
@pytest.mark.parametrize("again", [False, True])
def test_a_control_that_starts_anew_does_not_take_an_output_away(value: str, again: bool) -> None:
    """It sets its tags to what they start with, good and stamped then; also where the agent was
    started again before that.
    """
    control = unit()
    rows = control.take(TOLD[:7])
    if again:
        control = unit()
        control.resume({"batch_id": "H1", **merged(rows)["H1"]})
        rows += control.take(TOLD[:1])
    rows += control.take(changes((6, "output_quantity", value)))
    assert merged(rows)["H1"]["output_quantity"] == "120.5"
    rows += control.take(TOLD[7:])
    assert merged(rows) == WANTED
    rows += control.take(changes((10, "output_quantity", "98.5")))
    assert merged(rows)["H2"]["output_quantity"] == "98.5"


def test_an_output_of_nothing_at_the_end_is_corrected_by_one() -> None:
    tag_changes = [
        *changes(
            (1, "batch_id", "H1"),
            (1, "state", "6"),
            (4, "output_quantity", "0"),
            (5, "state", "17"),
            (6, "output_quantity", "80"),
        )
    ]
    assert merged(unit().take(tag_changes))["H1"]["output_quantity"] == "80"
