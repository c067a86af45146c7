"""python -m tests.performance [NAME ...] [--json]: ratios measured in one run, as a table or one JSON object a line."""

from __future__ import annotations

import argparse
import importlib
import json
import sys

NAMES = ("engine", "seal", "draws", "intake", "compose", "commitment", "log", "pages")
LONGER = frozenset({"engine"})  # those that have a long form


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.performance")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(NAMES)}; all where none is given")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--long", action="store_true", help="the engine at 200 million readings as well (3 GB on the disk, minutes)")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(NAMES)):
        parser.error(f"no measurement named {unknown[0]!r}; there are {', '.join(NAMES)}")
    if not asked.json:
        print(f"{'name':<28}{'size':<80}{'ours s':>10}  {'reference':<34}{'its s':>10}{'ratio':>8}{'peak MB':>9}")
    for name in asked.names or NAMES:
        measure = importlib.import_module(f"tests.performance.{name}").measure
        for line in measure(long=True) if asked.long and name in LONGER else measure():
            if asked.json:
                print(json.dumps(line), flush=True)
            else:
                print(
                    f"{line['name']:<28}{line['size']:<80}{line['ours_s']:>10.4f}  {line['reference']:<34}"
                    f"{line['reference_s']:>10.4f}{line['ratio']:>8.2f}{line['peak_rss_mb']:>9.0f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
