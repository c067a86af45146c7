"""A portal that shows two histories of its log: to one witness and one plant this one, to the
others another.

The real portal; its database is set to one history or the other by a savepoint. Each witness and
each plant's agent keeps its own directory, as it would on its own machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from benchmarks.errors import SteplabelError
from benchmarks.wire import checkpoints
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.notes import Note
from portal import key_ceremony, keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import ControllingFirm, Jurisdiction, Organisation, Role, Site
from portal.translog import log
from reporting_agent.audit.witness_visits import Witness, WitnessedLog, witness
from reporting_agent.sending import enrolment, log_heads
from reporting_agent.sending.kept_reports import Outbox
from reporting_agent.sending.transport import Portal
from reporting_agent.state import StateDirectory
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.integration.portal_cast import make_portal_keys
from tests.integration.test_agent_keys import Plant, to_portal
from tests.unit.agent_send.cast import PORTAL, SOFTWARE

pytestmark = pytest.mark.django_db(databases=["default", "vault"])

NAMES = ("association.example/steplabel", "certifier.example/steplabel")
NOW = timezone.now()
Body = tuple[StateDirectory, Witness]


@pytest.fixture
def bodies(tmp_path: Path) -> list[Body]:
    """Two witnesses, each with a key and a directory of its own."""
    witnesses = []
    for number, name in enumerate(NAMES):
        state = StateDirectory(tmp_path / f"witness-{number}")
        with state.exclusive():
            witnesses.append((state, witness(state, name)))
    return witnesses


@pytest.fixture
def portal_folder(tmp_path: Path, settings: Settings, bodies: list[Body]) -> Iterator[Path]:
    """A portal whose directory names both witnesses and has agents ask for both: by the operator's
    own steps.
    """
    folder = tmp_path / "keys"
    make_portal_keys(folder)
    signed = (folder / "directory.cbor").read_bytes()
    request = key_ceremony.name_witnesses(
        folder, signed, add=[by.note_key.text for _, by in bodies], drop=(), required=2, days=7
    )
    key_ceremony.take(
        folder / "directory.cbor",
        key_ceremony.sign(request.read_bytes(), signed, folder / "offline.pem"),
    )
    settings.DIRECTORY_FILE = folder / "directory.cbor"
    settings.RECEIPT_KEY_FILE = folder / "receipt.pem"
    settings.PROCESSING_KEY_FILE = folder / "processing.pem"
    keys.forget()
    yield folder
    keys.forget()


@pytest.fixture
def plants(tmp_path: Path, portal_folder: Path) -> list[Plant]:
    """Two enrolled plants."""
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    enrolled = []
    for number in (1, 2):
        firm = ControllingFirm.objects.create(name=f"Firm {number}")
        works = Organisation.objects.create(
            name=f"Works {number}", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
        )
        site = Site.objects.create(
            slug=f"works-{number}",
            name=works.name,
            organisation=works,
            jurisdiction=nation,
            pack="steel",
        )
        plant = Plant(tmp_path / f"plant-{number}")
        plant.enrol(issue_token(site, None, keys.published_directory().fingerprint, timezone.now()))
        enrolled.append(plant)
    return enrolled


def logged(*contents: int) -> None:
    for content in contents:
        with transaction.atomic():
            log.add(EntryKind.ENVELOPE, f"{content:064x}", NOW)


@contextmanager
def history(*contents: int) -> Iterator[None]:
    """What is asked inside is answered from a log that goes on like this; outside it never did."""
    with transaction.atomic():
        logged(*contents)
        yield
        transaction.set_rollback(True)


def look(plant: Plant, at: datetime = NOW) -> str:
    """What the agent says of the log that it is shown."""
    with plant._open() as (connection, road):
        enrolled = enrolment.current(connection)
        assert enrolled is not None
        identity = enrolment.identity(plant.state, connection, str(enrolled.site))
        return refusal_of(
            lambda: log_heads.look(connection, identity, road, Outbox(connection).all(), at)
        )


def visit(body: Body, *compare: bytes, at: datetime = NOW, begin: bool = True) -> str:
    """What the witness says of the log that it is shown; `begin` counts at its first visit
    alone.
    """
    state, by = body
    transport = httpx.MockTransport(to_portal)
    with (
        state.exclusive(),
        Portal(
            PORTAL, sleep=lambda _s: None, software=SOFTWARE, transport=transport, pauses=()
        ) as portal,
    ):
        watch = WitnessedLog(state.path, keys.published_directory().fingerprint, portal)
        return refusal_of(lambda: watch.visit(by, at, compare, begin=begin))


def refusal_of(attempt: Callable[[], Any]) -> str:
    try:
        attempt()
    except SteplabelError as refusal:
        return refusal.code
    return "taken"


def cosigned_file(body: Body) -> Path:
    return body[0].path / keys.published_directory().fingerprint / "cosigned.txt"


def evidence_of(body: Body) -> list[str]:
    return sorted(file.name for file in cosigned_file(body).parent.glob("evidence-*"))


def test_one_history_is_witnessed_and_every_agent_takes_it(
    plants: list[Plant], bodies: list[Body]
) -> None:
    assert look(plants[0]) == "log-not-witnessed"  # nobody has been there yet
    assert [visit(body) for body in bodies] == ["taken", "taken"]
    assert [look(plant) for plant in plants] == ["taken", "taken"]
    logged(1, 2, 3)
    assert visit(bodies[0]) == "taken"
    logged(4)  # the log grows between two visits; both still cosign the same head
    assert visit(bodies[1]) == "taken"
    assert [look(plant) for plant in plants] == ["taken", "taken"]
    with plants[0]._open() as (connection, _):
        head = log_heads.kept_witnessed(connection, keys.published_directory().fingerprint)
    assert head is not None
    checkpoint = checkpoints.parse(head.signed)
    assert {
        cosigner.name
        for cosigner in checkpoints.cosigned_by(checkpoint, keys.published_directory().content)
    } == set(NAMES)


def test_two_histories_are_found_by_each_agent_and_by_each_witness(
    stated: State, plants: list[Plant], bodies: list[Body], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = bodies
    logged(1, 2)
    long_ago = NOW - timedelta(days=9)
    assert [visit(body, at=long_ago) for body in bodies] == ["taken", "taken"]
    assert [look(plant, at=long_ago) for plant in plants] == ["taken", "taken"]

    # from here on the others are shown a log of their own; each witness cosigns what it sees, and
    # either log lacks one of them
    with history(3, 99):
        assert visit(second) == "taken"
        agents = [look(plants[1])]
        theirs = cosigned_file(second).read_bytes()
    with history(3, 4):
        assert visit(first) == "taken"
        agents.append(look(plants[0]))
        ours = cosigned_file(first).read_bytes()
    assert agents == ["log-not-witnessed"] * 2

    # the witnesses hand each other what they cosigned
    with history(3, 4):
        witnesses = [visit(first, theirs)]
    with history(3, 99):
        witnesses.append(visit(second, ours))
    assert witnesses == ["log-forked"] * 2
    assert [len(evidence_of(body)) for body in bodies] == [2, 2]
    # or the portal shows a witness the other log, to have it cosigned
    with history(3, 4):
        assert visit(second) == "log-forked"
    # or puts the one's cosignature under the other's head
    relayed = checkpoints.parse(theirs).note.signatures[-1]
    own = checkpoints.parse(ours)
    mixed = replace(own, note=Note(own.note.text, (*own.note.signatures, relayed)))
    assert (
        refusal_of(lambda: checkpoints.cosigned_by(mixed, keys.published_directory().content))
        == "note-signature-invalid"
    )

    monkeypatch.setattr(log_heads, "witnessed_head", lambda *_: None)
    with history(3, 4):
        off = [look(plants[0])]
    with history(3, 99):
        off.append(look(plants[1]))
    assert off == ["taken", "taken"]

    stated(
        Row(
            "two-histories",
            "the portal shows two histories of its log, each to one of two plants and to one of "
            "two witnesses",
            "heads cosigned by both witnesses within 7 days; witnesses compare what they cosigned",
            "0 agents and 0 witnesses that find nothing",
            f"2 of 2 agents: `{agents[0]}`; 2 of 2 witnesses: `{witnesses[0]}`, with what the "
            "portal signed",
            "cosignatures not asked for: both histories taken",
        )
    )


def test_a_witness_that_lost_what_it_saw_cosigns_no_other_history(
    stated: State, plants: list[Plant], bodies: list[Body]
) -> None:
    (body, _) = bodies
    assert plants
    with history(1, 2, 3):
        assert visit(body, begin=False) == "witness-begins-anew"
        assert visit(body) == "taken"
        cosigned = cosigned_file(body).read_bytes()
    for file in cosigned_file(body).parent.iterdir():
        file.unlink()
    with history(7, 8, 9):
        assert visit(body, begin=False) == "witness-begins-anew"
        assert not cosigned_file(body).exists()
        assert visit(body, cosigned) == "log-forked"  # begun anew beside what another witness kept
        assert not cosigned_file(body).exists()
        assert visit(body) == "taken"
    stated(
        Row(
            "lost-witness",
            "a witness whose directory was lost is shown another history of the log",
            "nothing is cosigned without a head seen before, unless the witness says that it "
            "begins",
            "0 cosigned",
            "`witness-begins-anew`; begun beside another witness's checkpoint: `log-forked`",
            "begun with: cosigned",
        )
    )


def test_a_witness_that_nobody_named_is_told_its_key_is_unknown(
    tmp_path: Path, plants: list[Plant]
) -> None:
    assert plants
    state = StateDirectory(tmp_path / "stranger")
    with state.exclusive():
        stranger = (state, witness(state, "stranger.example/w"))
    assert visit(stranger) == "witness-unknown"


def test_a_log_that_was_cut_or_changed_is_not_cosigned_and_what_was_signed_is_kept(
    plants: list[Plant], bodies: list[Body]
) -> None:
    (body, _) = bodies
    assert plants
    with history(1, 2, 3):
        assert visit(body) == "taken"
    assert visit(body) == "log-shrunk"
    logged(7, 8, 9)
    assert visit(body) == "log-forked"
    logged(10)
    assert visit(body) == "log-rewritten"
    assert len(evidence_of(body)) == 6
    assert (
        checkpoints.parse((cosigned_file(body).parent / "checkpoint.txt").read_bytes()).size
        == checkpoints.parse(cosigned_file(body).read_bytes()).size
    )


def test_the_portal_takes_a_cosignature_of_its_own_log_alone(
    plants: list[Plant], bodies: list[Body], client: Client
) -> None:
    assert plants
    first, second = bodies

    def handed_in(checkpoint: str) -> tuple[int, Any]:
        answer = client.post(
            "/api/v1/log/cosignatures/", {"checkpoint": checkpoint}, content_type="application/json"
        )
        return answer.status_code, answer.json().get("code")

    with history(1):
        assert visit(first) == "taken"
        raw = cosigned_file(first).read_text("utf-8")
    logged(2)
    assert handed_in(raw) == (409, "cosignature-of-another-log")
    assert visit(second) == "taken"
    own = cosigned_file(second).read_text("utf-8")
    assert handed_in(own) == (200, None)
    signed, _, signature = own.rstrip("\n").rpartition(" ")
    other = "A" if signature[60] != "A" else "B"
    assert handed_in(f"{signed} {signature[:60]}{other}{signature[61:]}\n") == (
        400,
        "note-signature-invalid",
    )
    assert handed_in(own + "x") == (400, "note-malformed")
    assert client.get("/api/v1/log/checkpoint/?show=other").status_code == 400
    assert client.get("/api/v1/log/checkpoint/?show=witnessed").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_of_the_log_says_who_was_here_when(
    plants: list[Plant], bodies: list[Body], client: Client, language: str
) -> None:
    assert plants

    def cosigning_rows() -> dict[str, list[str]]:
        """By witness, when it cosigned last, and how many entries."""
        page = client.get("/verify/", headers={"accept-language": language}).content.decode()
        table = page.partition("<tbody")[2].partition("</tbody>")[0]
        rows = [re.findall(r"<t[hd][^>]*>([^<]*)<", row) for row in table.split("<tr")[1:]]
        return {name: cells for name, *cells in rows}

    def missed() -> list[str]:
        """Witnesses that were never here, as an alarm asks for them."""
        return re.findall(
            r'^steplabel_witness_seen_seconds{witness="(.*)"} \+Inf$',
            client.get("/metrics").content.decode(),
            re.M,
        )

    before = cosigning_rows()
    assert tuple(before) == NAMES == tuple(missed())
    assert {size for _at, size in before.values()} == {"—"}
    logged(1)
    assert visit(bodies[0]) == "taken"
    after = cosigning_rows()
    assert after[NAMES[1]] == before[NAMES[1]]
    assert missed() == [NAMES[1]]
    assert after[NAMES[0]][0] != before[NAMES[0]][0]
    assert after[NAMES[0]][1] == str(checkpoints.parse(cosigned_file(bodies[0]).read_bytes()).size)
    text = client.get("/log/checkpoint")
    assert text["Content-Type"].startswith("text/plain")
    cosigners = checkpoints.cosigned_by(
        checkpoints.parse(text.content), keys.published_directory().content
    )
    assert [cosigner.name for cosigner in cosigners] == [NAMES[0]]
