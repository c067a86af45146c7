"""`manage.py announce_agent FOLDER`: sign which version of the agent is the newest, at the offline
key.

FOLDER is what `python -m reporting_agent.single_file --whole FOLDER` wrote. Version and digests are
read from its files; what changes is said in a sentence or two a language. Writes
FOLDER/agent-release.cbor, which goes to the portal with the files (`agent/` in STEPLABEL_VAR).
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from benchmarks.phrases import Phrase, enumerated
from benchmarks.wire import agent_releases
from benchmarks.wire.agent_releases import AgentRelease, ReleasedFile, WhatChanges
from benchmarks.wire.signing import DirectoryKey
from portal.key_ceremony import OFFLINE
from portal.operator_command import OperatorCommand, refused

_INSIDE = "parts/any/reporting_agent/software.py"
_VERSION = re.compile(r'^VERSION = "([0-9.]+)"$', re.MULTILINE)


class Command(OperatorCommand):
    help = Phrase(
        "Announce the newest version of the agent, signed by the offline key: agents are told of "
        "it, and install nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            type=Path,
            help=Phrase("the agent's files, steplabel-agent-SYSTEM-pythonVERSION.pyz"),
        )
        parser.add_argument(
            "--dir", type=Path, required=True, help=Phrase("the folder of offline.pem")
        )
        parser.add_argument(
            "--changes",
            nargs=2,
            action="append",
            metavar=("LANGUAGE", "TEXT"),
            default=[],
            help="en TEXT, zh TEXT …",
        )
        parser.add_argument(
            "--days",
            type=int,
            default=366,
            help=Phrase("for how long it is the newest; sign again before that (366)"),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        files = sorted(folder.glob("steplabel-agent-*.pyz"))
        if not files:
            raise refused(
                Phrase(
                    "%(folder)s holds no file of the agent: `python -m "
                    "reporting_agent.single_file --whole %(folder)s` writes them.",
                    folder=folder,
                )
            )
        versions = {_version_in(file) for file in files}
        if len(versions) > 1:
            raise refused(
                Phrase(
                    "The files are of several versions: %(versions)s.",
                    versions=enumerated(sorted(versions)),
                )
            )
        announced, today = folder / agent_releases.FILE, timezone.now().date()
        key = DirectoryKey.from_pem((options["dir"] / OFFLINE).read_bytes())
        number = (
            agent_releases.verify(announced.read_bytes(), key.key_id).number + 1
            if announced.exists()
            else 1
        )
        release = AgentRelease(
            number,
            versions.pop(),
            today,
            today + timedelta(days=options["days"]),
            tuple(ReleasedFile(file.name, _digest(file)) for file in files),
            tuple(WhatChanges(*change) for change in options["changes"]),
        )
        announced.write_bytes(agent_releases.issue(release, key))
        for released in release.files:
            self.stdout.write(f"{released.sha256}  {released.name}")
        self.answer(
            Phrase(
                "Announcement %(number)s: version %(version)s, good before %(day)s. Written: "
                "%(file)s",
                number=release.number,
                version=release.version,
                day=release.until.isoformat(),
                file=announced,
            )
        )
        self.answer(
            Phrase(
                "Keep this file beside the next version's: its number goes on from it, and agents "
                "take no lower one."
            )
        )


def _version_in(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            version = _VERSION.search(archive.read(_INSIDE).decode("utf-8"))
    except (zipfile.BadZipFile, KeyError) as error:
        raise refused(Phrase("%(file)s is no file of the agent.", file=file)) from error
    if version is None:
        raise refused(Phrase("%(file)s does not say which version it is.", file=file))
    return version[1]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
