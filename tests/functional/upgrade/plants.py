"""Agents of whichever release stands on the path: enrolled, and made to report by its own code. Run
as a program by either release.

Reads lines of JSON: {"state": folder, "token": ..., "years": [...], "held_back": bool, "version":
of the pack}; answers each by {"digests": [...], "refusal": ...}. What is held back is sealed and
never sent: it is written beside the state, as the next run would send it.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks import packs
from benchmarks.conversion import FactorTable
from benchmarks.errors import SteplabelError
from benchmarks.labels import label_site
from benchmarks.measurements import Period
from benchmarks.wire import envelope
from reporting_agent.state import StateDirectory
from tests.unit.agent_send.cast import SOFTWARE, heats


def of_sending(module: str) -> Any:
    """The agent's module; the first release had that room under another name."""
    try:
        return import_module(f"reporting_agent.reporting.{module}")
    except ModuleNotFoundError:
        return import_module(f"reporting_agent.sending.{module}")


def by_its_name(module: Any, now: str, before: str) -> Any:
    """A class that the last release had under another name: what a release keeps is its files and
    its wire, not its classes.
    """
    return getattr(module, now, None) or getattr(module, before)


# what a change renames is told by the types of this release: the test itself is only run by its
# long form
if TYPE_CHECKING:
    from benchmarks.wire.directory import EnrolmentSecret
    from reporting_agent.sending import enrolment, transport
    from reporting_agent.sending.submission import ReportMaterial, SubmissionProcess
else:
    enrolment, submission, transport = (
        of_sending(name) for name in ("enrolment", "submission", "transport")
    )
    EnrolmentSecret = by_its_name(
        import_module("benchmarks.wire.directory"), "EnrolmentSecret", "EnrolmentToken"
    )
    ReportMaterial = by_its_name(submission, "ReportMaterial", "Material")
    SubmissionProcess = by_its_name(submission, "SubmissionProcess", "Submission")

HEATS = 60
VERSION = "2"
"""Of the steel pack, by which what is recorded was reported."""


def material(site: str, year: str, version: str) -> ReportMaterial:
    pack, batches = packs.load("steel", version), heats(HEATS, year=int(year))
    label = label_site(
        batches, pack, FactorTable.load(), Period.parse(year, UTC), site=site, paths={}
    )
    return ReportMaterial(label, batches, pack)


class Door(httpx.BaseTransport):
    """To the web process itself, as its proxy would come; the last report is kept back where `file`
    is one.
    """

    def __init__(self, port: int, file: Path | None) -> None:
        self._under, self._port, self._kept = httpx.HTTPTransport(), port, file

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        if self._kept is not None and (request.method, request.url.path) == (
            "POST",
            "/api/v1/submissions/",
        ):
            self._kept.write_bytes(body)
            raise httpx.ConnectError("withheld")
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in ("host", "transfer-encoding")
        }
        headers |= {"Host": "portal.example", "X-Forwarded-Proto": "https"}
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return self._under.handle_request(
            httpx.Request(request.method, url, headers=headers, content=body)
        )

    def close(self) -> None:
        self._under.close()


def reported(
    port: int, state: Path, token: str, years: list[str], version: str, *, held_back: bool
) -> list[str]:
    """Digests of what there is a receipt for; enrolled first where a token is given."""
    directory = StateDirectory(state)
    door = Door(port, state.with_suffix(".sealed") if held_back else None)
    road = transport.Portal(
        "https://portal.example",
        sleep=time.sleep,
        software=SOFTWARE,
        transport=door,
        pauses=(0.5,) if not held_back else (),
    )
    sent = []
    with road, directory.exclusive(), directory.connect() as connection:
        if token:
            enrolment.enrol(
                directory,
                connection,
                road,
                EnrolmentSecret.parse(token),
                software=SOFTWARE,
                now=datetime.now(UTC),
            )
        site = enrolment.current(connection)
        assert site is not None
        assert site.site is not None
        identity = enrolment.identity(directory, connection, site.site)
        for year in years:
            sending = SubmissionProcess(
                connection, identity, software=SOFTWARE, clock=lambda: datetime.now(UTC)
            )
            sending.consult(road)
            parcel = sending.prepare(material(site.site, year, version), year, road, correct=False)
            sending.send(parcel, road)
            assert parcel.envelope is not None
            sent.append(envelope.digest(parcel.envelope))
    return sent


def main() -> None:
    port = int(sys.argv[1])
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        answer: dict[str, Any] = {"digests": [], "refusal": ""}
        try:
            answer["digests"] = reported(
                port,
                Path(asked["state"]),
                asked.get("token", ""),
                asked.get("years", []),
                asked.get("version", VERSION),
                held_back=asked.get("held_back", False),
            )
        except SteplabelError as refusal:
            answer["refusal"] = refusal.code
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
