"""What a thief finds who comes later: the web tier's database, logs at their most talkative, error
reports, backups.

A plant's agent runs in this process against a live portal, with every logger at DEBUG and
everything going wrong that can; then every byte that is not on the plant's own disk is searched for
its exact values, its batch ids and its times.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connections

from benchmarks import release
from benchmarks.measurements import Period
from benchmarks.privacy import mechanism
from benchmarks.wire import envelope, sealing
from portal import keys
from portal.intake.api import SubmissionsView
from portal.intake.models import Submission, SubmissionState
from portal.opening.models import OpenedReport
from reporting_agent import cli
from reporting_agent.config import load_site
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.functional.whole_system.conftest import YEAR, AgentAtPlant
from tests.functional.whole_system.exact_facts import ExactFacts, facts_of, found_in_bytes
from tests.functional.whole_system.relay import Relay

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.xdist_group("whole-system"),
]

# bytes of a form: shorter ones stand by chance, as "56.125" does in the seconds of a time of day
SHORTEST = 8


@dataclass
class Pile(logging.Handler):
    """Whatever is logged by anybody in this process, message and traceback."""

    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(logging.DEBUG)

    __hash__ = logging.Handler.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()}")
        if record.exc_info:
            self.lines.append("".join(traceback.format_exception(*record.exc_info)))

    @property
    def written(self) -> bytes:
        return "\n".join(self.lines).encode()


@pytest.fixture
def pile() -> Any:
    """Every logger at DEBUG, into a pile."""
    handler, root = Pile(), logging.getLogger()
    named = [
        root,
        *(
            logging.getLogger(name)
            for name in (
                "httpx",
                "httpcore",
                "django",
                "django.request",
                "django.db.backends",
                "portal",
            )
        ),
    ]
    before = [logger.level for logger in named]
    root.addHandler(handler)
    for logger in named:
        logger.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    for logger, level in zip(named, before, strict=True):
        logger.setLevel(level)


def run(agent: AgentAtPlant, command: str, *more: str) -> int:
    """The agent in this process."""
    where = [] if command == "enrol" else ["--site", agent.site_toml, "--period", YEAR]
    state = [] if command == "label" else ["--state", str(agent.folder / "state")]
    token = ["--portal", agent.address, "--token", agent.token] if command == "enrol" else []
    return cli.main([command, *where, *state, *token, *more, "--json"])


def rows_of(database: str) -> bytes:
    """Every column of every row of every table, as bytes, text and numbers."""
    connection, dumped = connections[database], []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names from the database itself
            for row in cursor.fetchall():
                dumped += [
                    bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
                    for cell in row
                ]
    return b"\n".join(dumped)


def dumped(database: str) -> bytes:
    """The rows; and where the database is a file, its bytes with everything that lies about in its
    pages.
    """
    connection = connections[database]
    pages = b""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        pages = connection.connection.serialize()
    return rows_of(database) + pages


def secrets_of_the_processing_key(files: Path) -> dict[str, bytes]:
    """The forms in which it could lie somewhere: its file, and both halves without a password."""
    key = keys.processing_key()
    encoding, plain = (Encoding.Raw, PrivateFormat.Raw), NoEncryption()
    raw = {
        "lattice": key._lattice.private_bytes(*encoding, plain),
        "curve": key._curve.private_bytes(*encoding, plain),
    }
    return {"file": (files / "processing.pem").read_bytes(), **raw}


def everything_goes_wrong(
    agent: AgentAtPlant, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> list[bytes]:
    """Errors on either side, one after the other; every answer the portal gave."""
    (good,) = relay.bodies("/api/v1/submissions/")
    address = f"{relay.address}/api/v1/submissions/"
    kind = {"Content-Type": "application/cbor"}
    bodies = (good[:-9], good + b"\x00", good[::-1], b"\xff" * 40, b"")
    answers = [httpx.post(address, content=body, headers=kind).content for body in bodies]
    with monkeypatch.context() as broken:
        broken.setattr(
            SubmissionsView, "post", lambda *_: 1 / 0
        )  # a fault of ours, with its traceback in the log
        answers.append(httpx.post(address, content=good, headers=kind).content)
    run(agent, "submit", "--correct")  # nothing has changed
    for csv in sorted(
        agent.folder.glob("*.csv")
    ):  # a cell that is no number, in each of the plant's files
        text = csv.read_text(encoding="utf-8")
        csv.write_text(text.replace(",", ",x", 3), encoding="utf-8")
        run(agent, "submit", "--correct")
        csv.write_text(text, encoding="utf-8")
    return answers


@pytest.fixture
def reported(
    plant_of: Callable[..., AgentAtPlant], pile: Pile, worker_sweeps: Callable[[], object]
) -> AgentAtPlant:
    """A cement works that has enrolled, labelled, previewed, reported and been accepted."""
    agent = plant_of("cement", road="csv")
    for command in ("enrol", "preview", "submit"):
        assert run(agent, command) == 0
    assert run(agent, "label", "--out", str(agent.folder / "exact")) == 0
    worker_sweeps()
    assert Submission.objects.get().state == SubmissionState.ACCEPTED
    return agent


def facts_at(agent: AgentAtPlant, *, every: int) -> ExactFacts:
    """What is searched for: each `every`-th id, time and number of the plant. All of them take
    minutes: that is the long form.
    """
    facts = facts_of(agent.folder / "exact")
    assert len(facts.names) > 1000
    names = dict(list(facts.names.items())[::every])
    period = Period.parse(
        YEAR, load_site(agent.site_toml).zone
    )  # its edges are public, and a batch may begin with it
    moments = {
        moment: words
        for moment, words in list(facts.moments.items())[::every]
        if moment not in (period.start, period.end)
    }
    numbers = dict(list(facts.numbers.items())[::every])
    return ExactFacts(names, moments, numbers, {})


def number_of(facts: ExactFacts) -> str:
    return f"{len(facts.names) + len(facts.moments) + len(facts.numbers):,} ids, times and values"


def correct(agent: AgentAtPlant) -> None:
    """A row less in the plant's log: a correction, drawn and sent."""
    log = min(agent.folder.glob("*.csv"))
    log.write_text(
        "".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )
    assert run(agent, "submit", "--correct") == 0


def test_a_stolen_web_database_holds_no_report_no_exact_value_and_no_key(
    stated: State,
    reported: AgentAtPlant,
    whole_system_keys: Path,
    monkeypatch: pytest.MonkeyPatch,
    long: bool,
) -> None:
    facts, web, vault = (
        facts_at(reported, every=1 if long else 20),
        dumped("default"),
        dumped("vault"),
    )
    plaintext = bytes(OpenedReport.objects.get().report)
    secrets = secrets_of_the_processing_key(whole_system_keys)
    exact = found_in_bytes(facts, web, SHORTEST) + found_in_bytes(facts, vault, SHORTEST)
    secrets_in_web = [
        name for name, secret in secrets.items() if secret in web or secret.hex().encode() in web
    ]
    assert bytes(Submission.objects.get().envelope) in web  # the search looks where the reports are
    assert (exact, secrets_in_web, plaintext in web, plaintext in vault) == ([], [], False, True)

    written: list[bytes] = []

    def unsealed(_key: sealing.ProcessingPublicKey, _header: object, report: bytes) -> bytes:
        written.append(report)
        whole = sealing.pad(report)
        return whole.ljust(
            next(size for size in sealing.SEALED_SIZES if size >= len(whole)), b"\x00"
        )

    monkeypatch.setattr(envelope, "seal", unsealed)
    correct(reported)
    assert written[0] in dumped("default")

    stated(
        Row(
            "stolen-database",
            "the web tier's database stolen, with the pages of its file",
            "reports sealed to a key that only the worker holds; noise at the plant",
            "no report, no key, no exact value",
            f"0 of {number_of(facts)} (vault: 0), 0 reports, 0 of {len(secrets)} forms of the key",
            "not sealed: the whole report",
        )
    )


def test_logs_error_reports_and_backups_hold_no_exact_value(
    stated: State,
    reported: AgentAtPlant,
    portal_relay: Relay,
    pile: Pile,
    monkeypatch: pytest.MonkeyPatch,
    long: bool,
) -> None:
    facts = facts_at(reported, every=1 if long else 20)
    answers = everything_goes_wrong(reported, portal_relay, monkeypatch)
    searched = {
        "logs": pile.written,
        "problems": b"\n".join(answers),
        "sent": portal_relay.everything,
    }
    assert b"ZeroDivisionError" in searched["logs"]
    assert b"httpcore" in searched["logs"]
    assert b"urn:steplabel:problem:" in searched["problems"]
    leaks = {name: found_in_bytes(facts, raw, SHORTEST) for name, raw in searched.items()}
    assert leaks == {"logs": [], "problems": [], "sent": []}

    numbers = ExactFacts({}, facts.moments, facts.numbers, {})
    backup = b"".join(
        file.read_bytes()
        for file in sorted((reported.folder / "state").iterdir())
        if file.is_file()
    )
    assert found_in_bytes(numbers, backup, SHORTEST) == []
    assert found_in_bytes(
        ExactFacts(facts.names, {}, {}, {}), backup
    )  # the ledger knows batches by their ids: docs/threat-model.md

    honest = mechanism.draw

    def talkative(values: Any, *rest: Any) -> int:
        logging.getLogger("reporting_agent").debug("drawing from %s", values)
        return honest(values, *rest)

    pile.lines.clear()
    monkeypatch.setattr(release, "draw", talkative)
    correct(reported)
    assert found_in_bytes(facts, pile.written, SHORTEST)

    stated(
        Row(
            "logs",
            "logs at DEBUG, tracebacks, problem documents and all that was sent, searched",
            "exact and released values are different types; errors name places",
            "0 facts",
            f"0 of {number_of(facts)}; the agent's own state directory: 0 values, but batch ids",
            "one careless line in the log: found",
        )
    )
