"""Run every check, on real servers, and say what each took.

python -m tests [--quick | --long] [--only NAME ...] [-- PYTEST ARGUMENTS ...]

A failing check does not hide the ones after it; the exit status is 1 if any failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.servers import all_servers

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent

EXTRAS = sorted(file.parent.relative_to(ROOT) for file in ROOT.glob("extras/*/pyproject.toml"))
"""Those that are here: the book is checked without them where the folder is away."""

CHECKS: dict[str, list[str]] = {
    "lint": [str(BIN / "ruff"), "check", "."],
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "types": [
        PYTHON,
        "-m",
        "mypy",
        "benchmarks",
        "reporting_agent",
        "portal",
        *(["extras"] if EXTRAS else []),
        "fixtures",
        "tests",
        "conftest.py",
        "manage.py",
    ],
    "imports": [str(BIN / "lint-imports")],
    **(
        {"extras": [str(BIN / "lint-imports"), "--config", "extras/.importlinter"]}
        if EXTRAS
        else {}
    ),
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "statistics": [PYTHON, "-m", "tests.statistical"],
    "tests": [
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "-n",
        "3",
        "--dist",
        "loadgroup",
        "--durations",
        "60",
        "--durations-min",
        "6",
    ],
}
# what takes long and needs no server runs beside the tests, on what they leave of the processors
# while they wait
BESIDE = ("types", "statistics")
QUICK = tuple(
    name for name in ("lint", "format", "types", "imports", "extras", "tests") if name in CHECKS
)
UNITS = ["-m", "not slow", "tests/unit", *(f"{extra}/tests/unit" for extra in EXTRAS)]
TYPES = ROOT / ".mypy_cache"
KEPT_TYPES = (
    Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "steplabel" / "mypy.tar"
)
"""What mypy knew of the last tree. A new clone begins with it: what is the same by content, and had
no fault, is not checked again.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description="Every check, on real PostgreSQL, Redis, mosquitto and Chromium.",
    )
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument(
        "--quick",
        action="store_true",
        help="what needs no server and no seconds a test: lint, format, types, imports, unit tests",
    )
    forms.add_argument(
        "--long", action="store_true", help="the long form of every check that has one"
    )
    parser.add_argument(
        "--only", nargs="+", choices=CHECKS, metavar="NAME", help=f"only these: {', '.join(CHECKS)}"
    )
    parser.add_argument("pytest", nargs="*", help="after --: arguments for pytest")
    asked = parser.parse_args()
    names = asked.only or (QUICK if asked.quick else CHECKS)
    for_pytest = [*(UNITS if asked.quick else ["--long"] if asked.long else []), *asked.pytest]

    with ExitStack() as stack:
        bytecode = stack.enter_context(tempfile.TemporaryDirectory(prefix="steplabel-bytecode-"))
        servers = [] if asked.quick else stack.enter_context(all_servers())
        # more processes than cores, for many a test waits for a server: more threads of BLAS would
        # wait for one another
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            # tests start the agent and the portal many hundred times: what Python compiles for them
            # is kept till the end
            environment["PYTHONPYCACHEPREFIX"] = bytecode
        for server in servers:
            say(server.how)
            environment.update(server.environment)
        at_once = [name for name in names if "tests" not in names or name not in BESIDE]
        beside = ThreadPoolExecutor(1)
        stack.callback(beside.shutdown, cancel_futures=True)
        later = [
            (name, beside.submit(run, name, asked.long, for_pytest, environment, beside=True))
            for name in names
            if name not in at_once
        ]
        outcomes = [(name, *run(name, asked.long, for_pytest, environment)) for name in at_once]
        outcomes += [(name, *done.result()) for name, done in later]
    if not asked.quick:
        say("Stopped what was started, left what was found.")

    for name, passed, seconds in outcomes:
        say(f"{'passed' if passed else 'FAILED'}  {name:<12} {seconds:6.1f} s")
    return 0 if all(passed for _, passed, _ in outcomes) else 1


def run(
    name: str,
    long: bool,
    pytest_arguments: list[str],
    environment: dict[str, str],
    beside: bool = False,
) -> tuple[bool, float]:
    """One check; returns whether it passed and its seconds. One beside others yields to them, and
    says all it has to say at its end.
    """
    command = CHECKS[name] + (
        pytest_arguments if name == "tests" else ["--long"] if long and name == "statistics" else []
    )
    title = (
        f"── {name}: "
        f"{' '.join(Path(word).name if word.startswith('/') else word for word in command)}"
    )
    start = time.monotonic()
    if name == "types" and KEPT_TYPES.exists() and not TYPES.exists():
        shutil.unpack_archive(KEPT_TYPES, TYPES)
    if beside:
        done = subprocess.run(
            ["nice", "-n", "19", *command],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        say(f"\n{title}\n{done.stdout}{done.stderr}")
    else:
        say(title)
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, text=True)
    if name == "types" and TYPES.exists():
        keep_types()
    return done.returncode == 0, time.monotonic() - start


def keep_types() -> None:
    """In one step: another clone may be reading it."""
    KEPT_TYPES.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT_TYPES.parent) as folder:
        os.replace(shutil.make_archive(f"{folder}/mypy", "tar", TYPES), KEPT_TYPES)


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
