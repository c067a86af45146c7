"""The long form of every check, one after another, a line for each: run by nobody else, so that
nothing else shows that a change broke one.

python -m tests.long_forms [--list] [--logs FOLDER] [NAME ...]

Each is a command by itself, so that the name of what failed is seen and the rest goes on. All take
a night and a morning on two cores. The exit status is 1 where one failed, else 3 where one says
that a part of it could not be tried on this machine.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.statistical.checks import CHECKS

ROOT = Path(__file__).resolve().parent.parent
FAILED, IN_PART = 1, 3
OUTCOMES = {0: "held", IN_PART: "IN PART"}


@dataclass(frozen=True)
class LongForm:
    """`minutes`: about as many on two slow cores, with nothing beside it."""

    name: str
    minutes: int
    command: tuple[str, ...]  # what Python runs

    @property
    def paths(self) -> tuple[str, ...]:
        """Of pytest, without what is left out."""
        return tuple(word for word in self.command if re.match(r"(extras/\w+/)?tests/", word))


def _tests(name: str, minutes: int, *paths: str) -> LongForm:
    options = (
        "-n",
        "0",
        "-v",
        "-rfs",
    )  # one by one: several measure times, and each has servers enough of its own
    return LongForm(
        name, minutes, ("-m", "tests", "--long", "--only", "tests", "--", *paths, *options)
    )


def _statistic(name: str) -> LongForm:
    quick = {
        "odds": 1,
        "enough": 1,
        "sound": 1,
        "sampler": 2,
        "savings": 3,
        "audit": 3,
        "drawing": 5,
        "exact_law": 5,
        "utility": 5,
    }
    slow = {
        "scores": 9,
        "coverage": 13,
        "composition": 13,
        "route_scores": 14,
        "insider": 19,
        "outward_road": 23,
        "left_out": 28,
    }
    return LongForm(
        f"statistic-{name}",
        {**quick, **slow}.get(name, 6),
        ("-m", "tests.statistical", "--long", name),
    )


BY_ITSELF = "stability"
"""Of the statistics, the one that takes many hours: run by its name alone."""

LONG_FORMS = (
    _tests(
        "every-address",
        16,
        *(
            f"tests/integration/test_{name}.py"
            for name in ("addresses_by_role", "schema_holds", "queries_of_pages")
        ),
    ),
    _tests("nothing-suppressed", 6, "tests/integration/test_nothing_suppressed_shows.py"),
    _tests(
        "databases",
        5,
        "tests/integration/test_worker_killed.py",
        "tests/integration/test_read_replica.py",
    ),
    _tests("installation", 10, "tests/functional/installation"),
    LongForm("outages", 15, ("-m", "tests.functional.outages", "--long")),
    _tests("outages-as-a-test", 5, "tests/functional/outages"),
    _tests("browser", 45, "tests/functional/browser"),
    _tests("whole-system", 5, "tests/functional/whole_system"),
    _tests("submit-killed", 8, "tests/functional/test_submit_survives_kill.py"),
    _tests(
        "bundle-and-disk",
        3,
        *(
            f"tests/functional/test_{name}.py"
            for name in ("bundle", "weaknesses", "submit_survives_full_disk")
        ),
    ),
    _tests("single-file", 12, "tests/functional/single_file"),
    _tests("every-fault", 12, "tests/functional/every_fault"),
    _tests("honest-works", 30, "tests/functional/audit"),
    *(
        [
            _tests("live", 40, "extras/live/tests/functional"),
            _tests("fleet", 2, "extras/fleet/tests/unit"),
        ]
        if (ROOT / "extras").is_dir()
        else []
    ),
    _tests(
        "attacks",
        25,
        "tests/attacks",
        *(f"{f.relative_to(ROOT)}" for f in ROOT.glob("extras/*/tests/attacks")),
    ),
    _tests("mutated-files", 62, "tests/unit/formats/test_mutated_files.py"),
    _tests(
        "units",
        12,
        *(
            f"tests/unit/{name}"
            for name in (
                "changes",
                "simulator",
                "performance",
                "drivers",
                "agent_read/test_extract.py",
            )
        ),
        *(
            "tests/unit/formats/test_proposals_of_real_files.py",
            "tests/unit/core_industry/test_composition.py",
        ),
    ),
    *(_statistic(name) for name in CHECKS if name != BY_ITSELF),
    LongForm("performance", 40, ("-m", "tests.performance")),
    _tests("demos", 200, "tests/functional/test_demo.py"),
)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.long_forms",
        description="The long form of every check, one after another.",
    )
    parser.add_argument(
        "--list",
        action="store_true",
        help="names, minutes on two slow cores and commands, and run nothing",
    )
    parser.add_argument(
        "--logs",
        type=Path,
        default=ROOT / "var" / "long-forms",
        help="folder for what each says (default: %(default)s)",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="those alone; all where none is named"
    )
    asked = parser.parse_args()
    by_name = {form.name: form for form in (*LONG_FORMS, _statistic(BY_ITSELF))}
    if unknown := set(asked.names) - set(by_name):
        parser.error(
            f"there is no long form called {', '.join(sorted(unknown))}; there are "
            f"{', '.join(by_name)}"
        )
    forms = [by_name[name] for name in asked.names] or list(LONG_FORMS)
    if asked.list:
        print(
            *(
                f"{form.name:<24} {form.minutes:>4} min  python {' '.join(form.command)}"
                for form in forms
            ),
            sep="\n",
        )
        print(f"{'together':<24} {sum(form.minutes for form in forms):>4} min")
        return 0
    asked.logs.mkdir(parents=True, exist_ok=True)
    statuses = set(_run_each(forms, asked.logs))
    return FAILED if statuses - set(OUTCOMES) else IN_PART if IN_PART in statuses else 0


def _run_each(forms: list[LongForm], logs: Path) -> Iterator[int]:
    for form in forms:
        log = logs / f"{form.name}.log"
        start = time.monotonic()
        with log.open("w") as output:
            status = subprocess.run(
                [sys.executable, *form.command], cwd=ROOT, stdout=output, stderr=output, check=False
            ).returncode
        outcome, minutes = OUTCOMES.get(status, "FAILED"), (time.monotonic() - start) / 60
        print(
            f"{outcome:<8} {form.name:<24} {minutes:6.1f} min  "
            f"{in_short(log.read_text(errors='replace'))}",
            flush=True,
        )
        if status not in OUTCOMES:
            print(f"         {log}", flush=True)
        yield status


def in_short(log: str) -> str:
    """How many tests passed and were skipped, as pytest says it; else the last line."""
    counted = re.findall(
        r"^=+ (.*\d+ (?:passed|failed|skipped|error).*?) in [\d.]+s", log, re.MULTILINE
    )
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return counted[-1] if counted else lines[-1][:120] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main())
