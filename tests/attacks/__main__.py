"""Run every attack and print what was measured; `--write` puts the figures into `docs/attacks.md`.

python -m tests.attacks [--write] [--long]

Without `--write` a figure that differs from the document fails its test. `--long` runs more trials,
whose figures are printed only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from tests.attacks.table import DOCUMENT, filled

PROPERTY = "attack "
HERE = Path(__file__).resolve().parent


class Stated:
    """A plugin of pytest that keeps the lines which passing tests stated; its presence tells
    `stated` not to compare.
    """

    def __init__(self) -> None:
        self.lines: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            for name, line in report.user_properties:
                if name.startswith(PROPERTY):
                    self.lines[name.removeprefix(PROPERTY)] = str(line)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.attacks", description="Do the attacks stay at or below their bounds?"
    )
    parser.add_argument(
        "--write", action="store_true", help="regenerate the table of docs/attacks.md"
    )
    parser.add_argument(
        "--long", action="store_true", help="more trials, which the document does not hold"
    )
    asked = parser.parse_args()
    stated = Stated()
    arguments = ["-q", *map(str, (HERE, *HERE.parents[1].glob("extras/*/tests/attacks")))] + (
        ["--long"] if asked.long and not asked.write else []
    )
    if asked.write:  # the document is compared once it is written
        arguments += ["--deselect", "tests/attacks/test_table.py"]
    status = pytest.main(arguments, plugins=[_named(stated)] if asked.write else [])
    if asked.write and status == pytest.ExitCode.OK:
        DOCUMENT.write_text(
            filled(DOCUMENT.read_text(encoding="utf-8"), stated.lines), encoding="utf-8"
        )
        print(f"wrote the table of {DOCUMENT.name}")
    return int(status)


class _Registered:
    """Registers the collector under a name that the fixture can ask for."""

    def __init__(self, stated: Stated) -> None:
        self._stated = stated

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._stated, "attacks-writer")


def _named(stated: Stated) -> object:
    return _Registered(stated)


if __name__ == "__main__":
    sys.exit(main())
