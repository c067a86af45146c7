"""Score the agent on simulated plants with every fault; prints the table, and what does not
hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product

from fixtures.simulator.works import SECTORS
from tests.functional.every_fault import table
from tests.functional.every_fault.plants import try_plant
from tests.functional.every_fault.table import Score

RATES = (1.0, 10.0)
SEEDS, LONG_SEEDS = 2, 20
SLOWEST = "steel"
FIRST = {"steel": 2, "aluminium": 1, "cement": 2}
EACH_ONCE = [
    (pack, seed, rate) for pack in SECTORS for seed, rate in enumerate(RATES, start=FIRST[pack])
]
"""Pack, seed and rate of a few plants: every sector at every rate, on two of its roads, and every
road once, for some kinds are of one.
"""
FEWER = [plant for plant in EACH_ONCE if plant[0] != SLOWEST or plant[2] == max(RATES)]
"""The same without the real rate of the sector that takes longest: what is put in there at the real
rate is put in ten times as often.
"""


def score(pack: str, seed: int, rate: float) -> Score:
    """One plant."""
    total = Score()
    total.take(try_plant(pack, seed, rate))
    return total


def score_all(plants: Sequence[tuple[str, int, float]], processes: int = 2) -> dict[float, Score]:
    """Every plant (pack, seed, rate), by rate; each kind is judged over all plants of a rate
    together.
    """
    by_rate = {rate: Score() for _, _, rate in plants}
    with ProcessPoolExecutor(processes) as workers:
        for (_, _, rate), outcome in zip(
            plants, workers.map(score, *zip(*plants, strict=True)), strict=True
        ):
            by_rate[rate].add(outcome)
    return by_rate


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.functional.every_fault", description=__doc__
    )
    parser.add_argument(
        "--long", action="store_true", help=f"{LONG_SEEDS} seeds instead of {SEEDS}"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the table into docs/faults.md (implies --long unless --seed is given)",
    )
    parser.add_argument("--sector", nargs="+", choices=SECTORS, default=list(SECTORS))
    parser.add_argument("--seed", nargs="+", type=int, help="only these")
    parser.add_argument("--rate", nargs="+", type=float, default=list(RATES))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    seeds = asked.seed or range(1, (LONG_SEEDS if asked.long or asked.write else SEEDS) + 1)

    by_rate = score_all(list(product(asked.sector, seeds, asked.rate)), asked.processes)
    text = table.markdown(by_rate)
    print(text)
    failures = table.all_failures(list(by_rate.values()))
    for failure in failures:
        print(failure if failure.startswith("OPEN ") else f"FAILED {failure}", file=sys.stderr)
    if asked.write:
        from tests.functional.every_fault import document

        document.write(text)
    return 1 if table.asserted(list(by_rate.values())) else 0


if __name__ == "__main__":
    sys.exit(main())
