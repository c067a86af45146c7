"""The files of the agent that this portal offers: what `python -m reporting_agent.single_file
--whole DIR` wrote, digests and all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from benchmarks.wire import agent_releases

SUMS = "SHA256SUMS"
SYSTEMS: Mapping[str, tuple[str, str, str]] = {
    "linux": ("Linux, x86-64", "sha256sum {file}", "python3 {file}"),
    "windows": ("Windows, x86-64", "certutil -hashfile {file} SHA256", "py {file}"),
    "macos": ("macOS, ARM", "shasum -a 256 {file}", "python3 {file}"),
}
"""By the ending of the file's name: what the system is called, how a digest is worked out there,
how the file is run.
"""
_LINE = re.compile(r"([0-9a-f]{64})  (steplabel-agent-([a-z]+)-python([0-9.]+)\.pyz)")


class AgentFile(NamedTuple):
    """One file of the agent, with what a person types on its system."""

    path: Path
    system: str
    python: str
    digest: str
    megabytes: int
    check: str
    run: str

    @property
    def name(self) -> str:
        return self.path.name


def announced() -> Path | None:
    """What the coordinator signed of the newest version (`manage.py announce_agent`), where it lies
    in the folder.
    """
    folder: Path | None = settings.AGENT_FILES
    return (
        folder / agent_releases.FILE
        if folder is not None and (folder / agent_releases.FILE).is_file()
        else None
    )


def offered() -> tuple[AgentFile, ...]:
    """What the folder's list of digests names and the folder holds; none where no folder is set."""
    folder: Path | None = settings.AGENT_FILES
    if folder is None or not (folder / SUMS).is_file():
        return ()
    files = []
    for digest, name, system, python in _LINE.findall((folder / SUMS).read_text(encoding="utf-8")):
        if system in SYSTEMS and (folder / name).is_file():
            title, check, run = SYSTEMS[system]
            size = round((folder / name).stat().st_size / 1e6)
            files.append(
                AgentFile(
                    folder / name,
                    title,
                    python,
                    digest,
                    size,
                    check.format(file=name),
                    run.format(file=name),
                )
            )
    return tuple(files)
