"""python -m tests.performance [NAME ...] [--json]: ratios measured in one run, as a table or one
JSON object a line.

Each of several names is measured in a process of its own: they set up Django on databases of their
own, and it is set up once a process.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.performance.measurement import Measurement

NAMES = (
    "engine",
    "seal",
    "draws",
    "intake",
    "compose",
    "commitment",
    "log",
    "pages",
    "production",
    *(name for name in ("fleet", "live") if find_spec("extras")),
)
"""Modules of this package with `measure`, and of the extras that are here."""
LONGER = frozenset({"engine", "fleet", "live"})  # those that have a long form


ROOT = Path(__file__).resolve().parents[2]


class FailedError(Exception):
    """A measurement in a process of its own, which has said why."""


def _measured(name: str, *, long: bool, size: tuple[int, int, int] | None) -> Iterator[Measurement]:
    of_extra = f"extras.{name}." if name in ("fleet", "live") else ""
    measure = importlib.import_module(f"{of_extra}tests.performance.{name}").measure
    yield from measure(size=size) if size else measure(long=True) if long else measure()


def _apart(name: str, *, long: bool) -> Iterator[Measurement]:
    command = [
        sys.executable,
        "-m",
        "tests.performance",
        name,
        "--json",
        *(["--long"] if long else []),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            yield json.loads(line)
    if running.returncode:
        raise FailedError(name)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.performance")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"any of: {', '.join(NAMES)}; all where none is given",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--long",
        action="store_true",
        help="the engine at 200 million readings as well (3 GB on the disk, minutes), the fleet "
        "at 200 sites, an hour of a live plant",
    )
    parser.add_argument(
        "--sites", type=int, metavar="N", help="of `fleet` alone: so many sites, measured once"
    )
    parser.add_argument(
        "--readings",
        type=int,
        metavar="N",
        default=100_000,
        help="with --sites: readings of each (default: 100000)",
    )
    parser.add_argument(
        "--distinct",
        type=int,
        metavar="N",
        default=4,
        help="with --sites: those with files of their own (default: 4)",
    )
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(NAMES)):
        parser.error(f"no measurement named {unknown[0]!r}; there are {', '.join(NAMES)}")
    if not asked.json:
        print(
            f"{'name':<28}{'size':<80}{'ours s':>10}  "
            f"{'reference':<34}{'its s':>10}{'ratio':>8}{'peak MB':>9}"
        )
    names = asked.names or NAMES
    if asked.sites and names != ["fleet"]:
        parser.error("--sites is of `fleet` alone")
    size = (asked.sites, asked.readings, min(asked.distinct, asked.sites)) if asked.sites else None
    failed = []
    for name in names:
        long = asked.long and name in LONGER
        try:
            for line in (
                _measured(name, long=long, size=size)
                if len(names) == 1
                else _apart(name, long=long)
            ):
                print(json.dumps(line) if asked.json else _row(line), flush=True)
        except FailedError:
            failed.append(name)
    if failed:
        print(
            f"Ended in an error: {', '.join(failed)}. All the others were measured.",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _row(line: Measurement) -> str:
    return (
        f"{line['name']:<28}{line['size']:<80}{line['ours_s']:>10.4f}  {line['reference']:<34}"
        f"{line['reference_s']:>10.4f}{line['ratio']:>8.2f}{line['peak_rss_mb']:>9.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
