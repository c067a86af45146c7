"""`steplabel-agent updates`: whether the coordinator announced a newer version of the agent; tells,
and installs nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.commands import add_connection, add_language, portal_at

if TYPE_CHECKING:
    from benchmarks.phrases import Phrase
    from benchmarks.wire.agent_releases import AgentRelease


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "updates",
        help="whether a newer version was announced, by whom signed, what changes; installs "
        "nothing",
    )
    parser.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="the announcement, brought by hand; no connection is tried",
    )
    parser.add_argument(
        "--downloaded",
        type=Path,
        metavar="FILE",
        help="whether this file is one of the version that was announced",
    )
    add_language(parser)
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    add_connection(parser)


def run(args: argparse.Namespace) -> int:
    import os
    from datetime import UTC, datetime

    from benchmarks.catalogue import in_language
    from benchmarks.errors import ExitCode
    from reporting_agent.audit.openings.files import read_one
    from reporting_agent.console import emit
    from reporting_agent.sending import announced, enrolment
    from reporting_agent.software import VERSION
    from reporting_agent.state import StateDirectory

    state = StateDirectory.locate(args.state, os.environ, Path.home())
    with state.connect() as connection:
        enrolled = enrolment.current(connection)
        identity = enrolment.identity(state, connection, (enrolled and enrolled.site) or "")
        if args.file is not None:
            raw = read_one(args.file)
        else:
            with portal_at(args, identity.portal) as portal:
                raw = portal.agent_release()
        release = announced.take(connection, identity.fingerprint, raw, datetime.now(UTC))
    newer = release.is_newer_than(VERSION)
    payload: dict[str, Any] = {
        "agent": VERSION,
        "newest": release.version,
        "newer": newer,
        "number": release.number,
        "on": release.on.isoformat(),
        "until": release.until.isoformat(),
        "files": [{"name": file.name, "sha256": file.sha256} for file in release.files],
        "changes": {change.language: change.text for change in release.changes},
        "portal": identity.portal,
    }
    lines = [in_language(line, args.lang) for line in _sentences(release, VERSION)]
    if newer:
        lines += [
            release.what_changes(args.lang),
            *(f"{file.sha256}  {file.name}" for file in release.files),
        ]
        lines.append(in_language(_how(identity.portal), args.lang))
    if args.downloaded is not None:
        payload["downloaded"] = announced.require_of_release(args.downloaded, release)
        lines.append(
            in_language(_is_it(args.downloaded, payload["downloaded"], release.version), args.lang)
        )
    emit(args, payload, "\n".join(lines))
    return ExitCode.DONE


def _sentences(release: AgentRelease, own: str) -> list[Phrase]:
    from benchmarks.phrases import Phrase

    values = {"own": own, "newest": release.version, "on": release.on.isoformat()}
    if release.is_newer_than(own):
        return [
            Phrase(
                "This is version %(own)s. Version %(newest)s was announced on %(on)s and signed "
                "by the coordinator. What changes:",
                **values,
            )
        ]
    return [
        Phrase(
            "This is version %(own)s. The newest version announced (%(on)s, signed by the "
            "coordinator) is %(newest)s.",
            **values,
        )
    ]


def _how(portal: str) -> Phrase:
    from benchmarks.phrases import Phrase

    return Phrase(
        "Nothing was installed. First finish any report that has been started (see `status`). "
        "Then download a file from "
        "%(portal)s/agent/ and compare it with this announcement: `updates --downloaded FILE`.",
        portal=portal,
    )  # fmt: skip


def _is_it(file: Path, name: str, version: str) -> Phrase:
    from benchmarks.phrases import Phrase

    return Phrase(
        "%(file)s is %(name)s of version %(version)s, as announced.",
        file=file,
        name=name,
        version=version,
    )
