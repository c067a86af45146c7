"""Run the statistical checks; exit status 1 if any does not hold. See the package's head for the
arguments.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.statistical import document
from tests.statistical.checks import CHECKS, run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.statistical",
        description="Is the mechanism as private and as precise as docs/privacy.md says?",
    )
    parser.add_argument(
        "--long",
        action="store_true",
        help="more pairs, draws and plants, which the document does not hold",
    )
    parser.add_argument("--write", action="store_true", help="regenerate the tables in docs")
    parser.add_argument(
        "checks",
        nargs="*",
        metavar="CHECK",
        help=f"those alone: {', '.join(CHECKS)}; all where none is named",
    )
    asked = parser.parse_args()
    if unknown := set(asked.checks) - set(CHECKS):
        parser.error(
            f"there is no check called {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}"
        )

    outcomes, in_all = [], 0.0
    start = time.monotonic()
    # one thread a process: what runs here is many small arrays; and NumPy takes the setting at
    # import only
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        for outcome, seconds in pool.imap(
            run, [(check, asked.long and not asked.write) for check in asked.checks or CHECKS]
        ):
            outcomes.append(outcome)
            in_all += seconds
            print(
                f"{'held  ' if outcome.held else 'FAILED'} {outcome.name}: {outcome.sentence} "
                f"({seconds:.0f} s of a processor)"
            )
            print(outcome.markdown(), end="\n\n", flush=True)
    all_held = all(outcome.held for outcome in outcomes)
    took = time.monotonic() - start
    print(f"{len(outcomes)} checks in {took:.0f} s, {in_all:.0f} s of a processor")
    if asked.write:
        document.write(outcomes)
        print(f"wrote {', '.join(sorted({outcome.page for outcome in outcomes}))}")
    elif not asked.long and (differing := document.differing(outcomes)):
        print(
            "FAILED the documents hold other tables: run python -m tests.statistical --write "
            f"{' '.join(name.replace('-', '_') for name in differing)}, and read the difference"
        )
        print("\n".join(differing.values()))
        all_held = False
    return 0 if all_held else 1


if __name__ == "__main__":
    sys.exit(main())
