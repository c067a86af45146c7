"""python -m tests.functional.outages [--long]: every outage of docs/runbook.md under load, told,
survived and counted.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.functional.outages.chain import Result, run


def failures(result: Result) -> list[str]:
    """Whatever is not as it must be, with the control's: an account that cannot find a loss proves
    nothing.
    """
    problems = list(result.failures)
    assert result.account is not None
    assert result.control is not None
    if result.account.lost or result.account.doubled or result.account.unknown:
        problems.append(
            f"lost {result.account.lost}, doubled {result.account.doubled}, unknown "
            f"{result.account.unknown}"
        )
    if result.statuses.get(500, 0):
        problems.append(f"{result.statuses[500]} x 500")
    if not result.control.lost:
        problems.append("the control lost nothing: this trial cannot tell")
    if "log-set-back" not in result.control_told:
        problems.append("nobody was told of what the control lost")
    return problems


def summary_line(result: Result) -> str:
    assert result.account is not None
    assert result.control is not None
    account = result.account
    return (
        f"{account.receipts} reports with a receipt, {len(account.lost)} lost, "
        f"{len(account.doubled)} doubled; statuses "
        f"{dict(sorted(result.statuses.items()))}; control: {len(result.control.lost)} of "
        f"{result.control.receipts} lost, "
        f"told {sorted(result.control_told)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.functional.outages", description=__doc__)
    parser.add_argument(
        "--long",
        action="store_true",
        help="every outage (half an hour); else a few in a minute or two",
    )
    asked = parser.parse_args()
    start = time.monotonic()
    result = run(long=asked.long)
    print(summary_line(result))
    problems = failures(result)
    for failure in problems:
        print(f"FAILED {failure}", file=sys.stderr)
    print(f"{time.monotonic() - start:.0f} s")
    left_out = [outcome.fault for outcome in result.outcomes if outcome.skipped]
    if asked.long and left_out:
        print(f"NOT WHOLE without {', '.join(left_out)}", file=sys.stderr)
    return 1 if problems else 3 if asked.long and left_out else 0


if __name__ == "__main__":
    sys.exit(main())
