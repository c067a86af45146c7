"""Every kind of fault, three sectors, real and ten times real rates: found, and nothing else said
to be one (docs/faults.md).

The short form tries each sector at ten times the real rates and the quicker ones at the real rates
too, on another road each time, under the limits of the long form.
"""

from __future__ import annotations

from itertools import product

import pytest

from fixtures.simulator.works import KINDS, SECTORS
from fixtures.simulator.works.kinds import Struck
from tests.functional.every_fault import document, table
from tests.functional.every_fault.__main__ import (
    EACH_ONCE,
    FEWER,
    LONG_SEEDS,
    RATES,
    score,
    score_all,
)
from tests.functional.every_fault.codes import CODES


@pytest.mark.timeout(900)
def test_every_fault_is_found_and_labels_gaps_uses_and_balances_are_true(long: bool) -> None:
    scores = list(score_all(EACH_ONCE if long else FEWER).values())
    failures = table.asserted(scores)
    assert not failures, "\n".join(failures)
    assert table.never_put_in(scores) == []


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_the_same_over_many_plants() -> None:
    scores = list(score_all(list(product(SECTORS, range(1, LONG_SEEDS + 1), RATES))).values())
    failures = table.asserted(scores)
    assert not failures, "\n".join(failures)
    assert table.never_put_in(scores) == []


@pytest.mark.parametrize(
    "pack", [SECTORS[0], *(pytest.param(pack, marks=pytest.mark.long) for pack in SECTORS[1:])]
)
def test_a_perfect_plant_shows_no_fault_and_its_label_is_the_truth(pack: str) -> None:
    failures = table.asserted([score(pack, 1, 0.0)])
    assert not failures, "\n".join(failures)


def test_every_kind_has_a_code_and_the_document_names_them_all() -> None:
    assert set(CODES) == {kind.id for kind in KINDS if kind.struck is not Struck.FORM}
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert document.filled(text, {"kinds": document.kinds()}) == text
