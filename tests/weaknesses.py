"""bin/audit [LOCK ...] [--osv-url URL]: known weaknesses of what is locked, and whether they could
be asked for at all.

pip-audit ends with 0 and `No known vulnerabilities found` where its service knows none of the
packages, as behind a mirror that has files and no advisories. Here that is no clean result.

    0   every locked package was answered for, and none has a known weakness
    1   weaknesses, each with the versions that mend it
    3   the service was not reached, or did not know some packages: nothing is said of those
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PIP_AUDIT = "pip-audit==2.10.1"
CLEAN, WEAK, NOT_ASKED = 0, 1, 3
LONGEST_S = 900


@dataclass
class Answer:
    """Of one lock: how many packages were answered for, what is weak, and what nothing is said
    of.
    """

    of: str
    asked: int = 0
    weak: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return WEAK if self.weak else CLEAN if self.asked and not self.not_asked else NOT_ASKED

    def lines(self) -> list[str]:
        if self.status == CLEAN:
            return [f"{self.of}: {self.asked} packages, no known weakness."]
        lines = [f"{self.of}: {weakness}" for weakness in self.weak]
        if self.not_asked:
            lines.append(
                f"{self.of}: could not be asked: {len(self.not_asked)} of "
                f"{self.asked + len(self.not_asked)} ({self.not_asked[0]})"
            )
        return lines or [f"{self.of}: could not be asked: no package is locked in it"]


def of_lock(lock: Path, osv_url: str | None = None) -> Answer:
    """Ask pip-audit, without installing anything; `osv_url` is a service that speaks OSV's API,
    else PyPI itself is asked.
    """
    service = ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    command = [
        "tool",
        "run",
        "--quiet",
        PIP_AUDIT,
        "--require-hashes",
        "--disable-pip",
        "--format",
        "json",
        *service,
        "-r",
        str(lock),
    ]
    return read_pip_audit(lock.name, *_ran(str(Path(sys.executable).with_name("uv")), *command))


def read_pip_audit(name: str, out: str, wrong: str) -> Answer:
    answer = Answer(name)
    try:
        packages: list[dict[str, Any]] = json.loads(out)["dependencies"]
    except (ValueError, KeyError):
        return Answer(name, not_asked=[_last(wrong)])
    for package in packages:
        if "skip_reason" in package:
            answer.not_asked.append(str(package["skip_reason"]))
            continue
        answer.asked += 1
        for weakness in package["vulns"]:
            mended = ", ".join(weakness["fix_versions"]) or "no version yet"
            answer.weak.append(
                f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}"
            )
    return answer


def _ran(*command: str) -> tuple[str, str]:
    """What it wrote and what it said beside; it ends with 1 where something is weak, too."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {LONGEST_S} s"
    return done.stdout, done.stderr


def _last(wrong: str) -> str:
    """The last thing that a program said: before it stands the way through its code."""
    return next(
        (line.strip() for line in reversed(wrong.splitlines()) if line.strip()), "no answer"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bin/audit",
        description="Known weaknesses of what is locked. Ends with 0, 1 (weak), 3 (not asked).",
    )
    parser.add_argument(
        "locks",
        nargs="*",
        type=Path,
        metavar="LOCK",
        help="files of requirements/; all where none is given",
    )
    parser.add_argument(
        "--osv-url",
        metavar="URL",
        help="a service with OSV's API, where PyPI's own cannot be reached",
    )
    asked = parser.parse_args(arguments)
    if not (locks := asked.locks or sorted((ROOT / "requirements").glob("*.txt"))):
        parser.error(f"there is no lock in {ROOT / 'requirements'}")
    answers = [of_lock(lock, asked.osv_url) for lock in locks]
    for answer in answers:
        print("\n".join(answer.lines()), flush=True)
    statuses = {answer.status for answer in answers}
    return next((status for status in (WEAK, NOT_ASKED) if status in statuses), CLEAN)


if __name__ == "__main__":
    sys.exit(main())
