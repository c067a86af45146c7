"""Intake beside a bare insert: sealed envelopes POSTed to the portal, and the same number of bytes
POSTed to a view that only stores them.

Both views run in the same granian process with the same middleware, on the same database, and are
asked by the same client over as many connections, in turn. Every envelope is another one, from a
site with an enrolled device: intake parses it, checks the device's signature, the period and the
revision, stores it, appends it to the log, signs a receipt and nudges the worker (none runs here,
so that nothing but intake is measured). The ratio is of seconds a request.

SQLite as in the embedded portal; with `DATABASE_URL`, a database made beside the one it names, and
dropped afterwards.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_bytes, token_hex
from urllib.parse import urlsplit

from benchmarks.wire import commitments, envelope
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.directory import EnrolmentSecret
from benchmarks.wire.schema import Header
from benchmarks.wire.sealing import ProcessingPublicKey
from benchmarks.wire.signing import DeviceKey
from tests.performance import sample
from tests.performance.measurement import Measurement, compare

SITES = 150
CONNECTIONS = 4
RUNS = 5
SETTINGS = "tests.performance.bare_portal.settings"


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device of one site."""

    site: str
    device_id: str
    key: DeviceKey

    def envelope(self, revision: int, recipient: ProcessingPublicKey) -> bytes:
        header = Header(
            self.site, sample.PERIOD, revision, recipient.key_id, self.device_id, revision
        )
        return envelope.build(sample.report(self.site, revision), header, self.key, recipient)


def measure() -> list[Measurement]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steplabel-intake-")))
        database = stack.enter_context(_database())
        stack.enter_context(_environment({**database, "STEPLABEL_VAR": str(folder)}))
        tokens, recipient = _set_up(folder / "keys")

        from portal.demo.processes import web_server

        address = stack.enter_context(web_server(folder))
        pool = stack.enter_context(ThreadPoolExecutor(CONNECTIONS))
        devices = list(pool.map(lambda token: _enrol(address, token), tokens))
        _commit(devices, range(1, RUNS + 2))
        # a site's revisions come one after the other: each run sends the next one of every site;
        # the first run warms up
        runs = [
            [device.envelope(revision, recipient) for device in devices]
            for revision in range(1, RUNS + 2)
        ]
        size = len(runs[0][0])
        bodies = [token_bytes(size) for _ in range(SITES)]
        coming = iter(runs)
        line = compare(
            "intake",
            f"{SITES} requests of {size:,} bytes, {CONNECTIONS} at once",
            lambda: _post_all(pool, address, "/api/v1/submissions/", next(coming)),
            f"bare DRF insert, {'PostgreSQL' if database else 'SQLite'}",
            lambda: _post_all(pool, address, "/bare/", bodies),
            RUNS,
        )
        line["peak_rss_mb"] = round(
            float(
                _ask(
                    http.client.HTTPConnection(urlsplit(address).netloc), "GET", "/peak/", b"", 200
                )
            ),
            1,
        )
    return [line]


def _set_up(keys_folder: Path) -> tuple[list[str], ProcessingPublicKey]:
    """Tables, keys, a peer group with an open period, and sites; gives an enrolment token a site
    and the key to seal to.
    """
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from portal import keys
    from portal.accounts.enrolling import issue_token
    from portal.accounts.models import ControllingFirm, Jurisdiction, Organisation, Role, Site
    from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
    from portal.key_ceremony import make_keys

    call_command("migrate", run_syncdb=True, verbosity=0)
    now = timezone.now()
    issued = make_keys(
        keys_folder, now.date() - timedelta(days=1), now.date() + timedelta(days=365)
    )
    nation = Jurisdiction.objects.create(path="cn", name="China", level=Jurisdiction.Level.NATION)
    group = PeerGroup.objects.create(
        pack="steel", pack_version="1", route="national-mix", scope=nation
    )
    day = timedelta(days=1)
    ReportingPeriod.objects.create(
        peer_group=group, name=sample.PERIOD, start=now - 366 * day, end=now - day, due=now + day
    )
    tokens = []
    for number in range(SITES):
        firm = ControllingFirm.objects.create(name=f"Firm {number}")
        works = Organisation.objects.create(
            name=f"Works {number}", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
        )
        site = Site.objects.create(
            slug=f"works-{number}",
            name=f"Works {number}",
            organisation=works,
            jurisdiction=nation,
            pack="steel",
        )
        PeerGroupMember.objects.create(peer_group=group, site=site)
        tokens.append(issue_token(site, None, issued.fingerprint, now))
    return tokens, keys.published_directory().content.processing_key(now.date())


def _enrol(address: str, token: str) -> Device:
    """The real enrolment, over HTTP."""
    key = DeviceKey.generate()
    asked = {
        "secret": EnrolmentSecret.parse(token).secret,
        "device_public_key": key.public.hex,
        "seed_commitment": token_hex(32),
    }
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    answer = json.loads(
        _ask(
            connection,
            "POST",
            "/api/v1/enrolments/",
            json.dumps(asked).encode(),
            201,
            "application/json",
        )
    )
    connection.close()
    return Device(answer["site"], answer["device_id"], key)


def _commit(devices: Sequence[Device], revisions: Sequence[int]) -> None:
    """What each report is of was committed to before: more corrections than the policy would let
    anybody commit to.
    """
    from django.db import transaction
    from django.utils import timezone

    from portal import keys
    from portal.accounts.models import Device
    from portal.intake import commitments as taking
    from portal.translog import log

    rows = {str(row.pk): row for row in Device.objects.select_related("site")}
    with transaction.atomic():
        for device in devices:
            for revision in revisions:
                raw = commitments.commit(
                    ReportCommitment(device.site, sample.PERIOD, revision, bytes(32)),
                    device.device_id,
                    device.key,
                )
                row, signed = rows[device.device_id], commitments.parse(raw)
                taking.keep(
                    log.lock(), raw, signed, row, keys.receipt_key(), timezone.now(), token_bytes
                )


def _post_all(pool: ThreadPoolExecutor, address: str, path: str, bodies: Sequence[bytes]) -> None:
    """Send every body, over one connection a thread that stays open."""

    def send(own: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for body in own:
            _ask(connection, "POST", path, body, 201)
        connection.close()

    list(pool.map(send, [bodies[first::CONNECTIONS] for first in range(CONNECTIONS)]))


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    wanted: int,
    kind: str = "application/cbor",
) -> bytes:
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != wanted:
        raise RuntimeError(
            f"{method} {path} gave {answer.status} instead of {wanted}: {content[:500]!r}"
        )
    return content


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    """The server and this process read their settings from the environment; afterwards it is as it
    was.
    """
    before = dict(os.environ)
    os.environ.update(more)
    os.environ.update(DJANGO_SETTINGS_MODULE=SETTINGS, STEPLABEL_ROLE="web")
    # everything comes from one address: what one address may send in a minute is what all sites may
    os.environ.update(STEPLABEL_RATE_FACTOR="5000")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    """`DATABASE_URL` of a database of our own beside the one named, or nothing."""
    if "DATABASE_URL" not in os.environ:
        yield {}
        return
    import psycopg
    from psycopg import sql

    beside = os.environ["DATABASE_URL"]
    name = f"steplabel_performance_{token_hex(4)}"

    def carry_out(statement: str) -> None:
        with psycopg.connect(beside, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    carry_out("CREATE DATABASE {}")
    try:
        yield {"DATABASE_URL": urlsplit(beside)._replace(path=f"/{name}").geturl()}
    finally:
        _close_connections()
        carry_out("DROP DATABASE {} WITH (FORCE)")


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()
