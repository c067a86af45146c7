"""Was this batch in the data, where it decides whether 200 others count?

The attacker knows all other batches and lets the plant's own filter do the rest: it leaves rows in
another unit out as long as no more than half as many lie just beside them, and one batch more there
makes it leave none out. The loss is that of the exact laws of all that leaves.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.statistical.leaving import Report, changed, joint_loss, judge, swiftly
from tests.statistical.raw_neighbours import tipped
from tests.statistical.raw_plants import THOUSANDTHS, Plant, by_energy, tipping
from tests.statistical.raw_plants import Row as Cells


def others_and_loss(base: Report, other: Report) -> tuple[int, float]:
    """How many other batches the neighbour changes, and the loss of what leaves."""
    return len(changed(base, other)) - 1, joint_loss(base, other)


def test_one_record_that_decides_about_many(stated: State) -> None:
    plant = tipping()
    neighbour = tipped(plant)
    (account,) = neighbour.accounts
    with swiftly(), tempfile.TemporaryDirectory() as name:
        base, beside = judge(plant, Path(name)), judge(neighbour, Path(name))
        assert base is not None
        assert beside is not None
        others, loss = others_and_loss(base.report(), beside.report())
        off, lost = others_and_loss(base.own(), beside.own())
        debit = float(base.report().debits[account])

    assert others == 0
    assert loss <= debit
    assert off == THOUSANDTHS
    assert lost > 70  # an epsilon of 0.75 was once debited for 71.6
    stated(
        Row(
            "one-for-many",
            f"was this batch in the data, where it decides whether {THOUSANDTHS} others count (a "
            "unit told by the rest)",
            "what leaves is judged record by record",
            f"the debit: epsilon {debit:g}",
            f"{others} others, epsilon {loss:.2f}",
            f"{off} others, epsilon {lost:.1f}",
        )
    )


@dataclass(frozen=True)
class Altered(Plant):
    """The same files with some bytes of batches.csv written otherwise."""

    old: bytes = b""
    new: bytes = b""

    def write(self, folder: Path) -> None:
        super().write(folder)
        path = folder / "batches.csv"
        whole = path.read_bytes()
        assert self.old in whole
        path.write_bytes(whole.replace(self.old, self.new, 1))


def named(plant: Plant) -> Plant:
    """Every fifth batch with a Chinese character in its id, every fifth with a remark that the file
    quotes.
    """

    def of(row: Cells) -> Cells:
        return (
            {**row, "batch_id": f"{row['batch_id']}二三"}
            if int(row["batch_id"][1:]) % 5 == 0
            else row
        )

    batches = [
        {**of(row), "remark": f"damp, {at}" if at % 5 == 2 else ""}
        for at, row in enumerate(plant.tables["batches"])
    ]
    return replace(
        plant, tables={"batches": batches, "energy": [of(row) for row in plant.tables["energy"]]}
    )


def test_one_byte_of_a_file_that_decides_about_other_rows(stated: State) -> None:
    """An open quote, which once did so too, costs its own row (test_one_stray_sign)."""
    plant = named(by_energy(700))
    neighbour = Altered(
        **{field.name: getattr(plant, field.name) for field in fields(plant)},
        old=b"damp, 52",
        new="damp, 52二".encode("gbk"),
    )
    with swiftly(), tempfile.TemporaryDirectory() as name:
        base, beside = judge(plant, Path(name)), judge(neighbour, Path(name))
        assert base is not None
        assert beside is not None
        off, loss = others_and_loss(base.own(), beside.own())

    assert base.bounded
    assert not beside.bounded
    assert base.report().drawn
    assert not beside.report().drawn
    assert off >= 200
    assert loss > 50
    stated(
        Row(
            "one-byte-for-many",
            "was this batch in the data, where a stray byte of its row decides how other rows are "
            "read",
            "a file whose rows depend on one another has no bound",
            "nothing is drawn",
            "a report without that step: one bit, declared",
            f"{off} others, epsilon {loss:.1f}",
        )
    )
