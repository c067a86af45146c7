"""Run the statistical checks; exit status 1 if any does not hold. See the package's head for the arguments."""

from __future__ import annotations

import argparse
import sys
import time

from tests.statistical import audit, coverage, document, exact_law, sampler, utility

CHECKS = (exact_law, audit, sampler, utility, coverage)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.statistical", description="Is the mechanism as private and as precise as we say?"
    )
    parser.add_argument("--long", action="store_true", help="more pairs, draws and plants; compares the tables of docs/privacy.md")
    parser.add_argument("--write", action="store_true", help="regenerate the tables of docs/privacy.md (implies --long)")
    asked = parser.parse_args()
    long = asked.long or asked.write

    outcomes = []
    for check in CHECKS:
        start = time.monotonic()
        outcome = check.run(long)
        outcomes.append(outcome)
        print(f"{'held  ' if outcome.held else 'FAILED'} {outcome.name}: {outcome.sentence} ({time.monotonic() - start:.1f} s)")
        print(outcome.markdown(), end="\n\n", flush=True)
    held = all(outcome.held for outcome in outcomes)
    if asked.write:
        document.write(outcomes)
        print(f"wrote the tables of {document.DOCUMENT.name}")
    elif long and not document.agrees(outcomes):
        print(
            f"FAILED {document.DOCUMENT.name} does not hold these tables: run python -m tests.statistical --write and read the difference"
        )
        held = False
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
