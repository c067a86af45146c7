"""Reports sealed before the run, sent at an even rate: what a deadline costs the portal, without
what agents spend on drawing and sealing.

Each report asks the portal everything that its agent asks: the directory, the log's head, that it
continues the head seen before, the site's last two entries, receipts and challenges by the device's
signature; then it commits and hands the report in. Its challenge must be known when it is sealed,
so the report handed in is one that was committed to before, and the commitment is that of a later
period: each request costs the portal what an agent's does, one for one. A connection of its own for
each report, as each agent has.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.wire import device_requests
from benchmarks.wire.signing import DeviceKey
from tests.functional.installation.conftest import HOST, Installation
from tests.functional.outages.agents import YEARS, Reporting

MOST_A_SITE = len(YEARS) // 2
"""Of the years, half are reported and half only committed to."""

SEALING = """
from tests.functional.outages.prepared import seal
seal({sites}, {a_site}, {file!r})
"""


def prepare(installation: Installation, sites: int, a_site: int) -> Iterator[dict[str, Any]]:
    """Enrol devices, commit and seal, by the operator; then a site at a time: its device, its
    reports, what it will commit to.
    """
    file = installation.folder / "sealed.jsonl"
    ran = installation.program(
        SEALING.format(sites=sites, a_site=a_site, file=str(file)), "operator"
    )
    assert ran.returncode == 0, ran.stderr
    return _lines(file)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as opened:
        yield from map(json.loads, opened)


def seal(sites: int, a_site: int, file: str) -> None:
    """In a process of the operator's: a line a site."""
    from django.db import transaction
    from django.utils import timezone

    from benchmarks import packs
    from benchmarks.released import ReleasedReport
    from benchmarks.wire import commitments, envelope
    from benchmarks.wire.commitments import ReportCommitment
    from benchmarks.wire.pack_conformity import policy_digest
    from benchmarks.wire.schema import Header, Report
    from portal import keys
    from portal.accounts.models import Device, Site
    from portal.intake import commitments as taking
    from portal.translog import log
    from tests.integration.portal_cast import label_of

    now = timezone.now()
    pack, recipient = (
        packs.load("steel"),
        keys.published_directory().content.processing_key(now.date()),
    )
    labels = tuple(
        label_of(pack, step, rule.metric.value, 0)
        for step in pack.steps
        for rule in step.metrics
        if rule.released
    )

    def committed(site: Site, device: Device, key: DeviceKey, year: str) -> bytes:
        return commitments.commit(
            ReportCommitment(site.slug, year, 1, sha256(year.encode()).digest()),
            str(device.pk),
            key,
        )

    def sealed(site: Site, device: Device, key: DeviceKey, year: str) -> tuple[bytes, int]:
        raw = committed(site, device, key, year)
        row = taking.keep(
            log.lock(),
            raw,
            commitments.parse(raw),
            device,
            keys.receipt_key(),
            now,
            lambda size: sha256(raw).digest()[:size],
        )
        released = ReleasedReport(site.slug, pack.id, pack.version, year, 1, labels)
        of_data, nonce = bytes.fromhex(row.data_root), bytes.fromhex(row.nonce)
        report = Report(
            released,
            packs.digest(pack),
            policy_digest(pack.policy),
            of_data,
            nonce,
            "steplabel-agent/test",
            salt=sha256(nonce).digest(),
        )
        header = Header(site.slug, year, 1, recipient.key_id, str(device.pk), row.sequence)
        return envelope.build(report, header, key, recipient), row.log_index

    with Path(file).open("w", encoding="utf-8") as lines:
        for site in Site.objects.order_by("pk")[:sites]:
            key = DeviceKey.generate()
            with transaction.atomic():
                device = Device.objects.create(
                    site=site,
                    public_key=key.public.hex,
                    seed_commitment=f"{site.pk:064x}",
                    enrolled_at=now,
                )
                reports = [sealed(site, device, key, year) for year in YEARS[:a_site]]
                head = log.size()
            later = [committed(site, device, key, year) for year in YEARS[a_site : 2 * a_site]]
            line = {
                "device": str(device.pk),
                "key": key.to_pem().decode(),
                "reports": [raw.hex() for raw, _ in reports],
                "own": [index for _, index in reports],
                "head": head,
                "later": [raw.hex() for raw in later],
            }
            lines.write(json.dumps(line) + "\n")


@dataclass
class Prepared(Reporting):
    """As agents report, from what `prepare` sealed. One that the portal refuses is not tried again:
    at an even rate nobody waits.
    """

    sites: Iterator[dict[str, Any]] = field(default_factory=lambda: iter(()))

    def start(self) -> None:
        self._context = ssl.create_default_context()
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        # threads take the reports of many sites in turn, so that the sites of a deadline come one
        # after the other
        self._due = self._reports()
        self._begin()

    def _reports(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Each site's first report, then each one's second: a site never has two on the way."""
        sites = list(self.sites) if self.a_site > 1 else self.sites
        for number in range(self.a_site):
            for site in sites:
                yield site, number

    def _report(self) -> None:
        while not self._over.is_set() and (begun := self._turn()) is not None:
            with self._lock:
                site, number = next(self._due, (None, 0))
            if site is None:
                self.refusals.append("no sealed report was left: there was no load in the end")
                return
            try:
                self._send(site, number)
            except (OSError, http.client.HTTPException) as trouble:
                self.refusals.append(f"{type(trouble).__name__}: {trouble}")
                continue
            with self._lock:
                self.seconds.append(time.monotonic() - begun)
                self.debits[site["device"]] = number + 1

    def _send(self, site: dict[str, Any], number: int) -> None:
        where = urlsplit(self.address)
        connection = http.client.HTTPSConnection(
            where.hostname or "", where.port, timeout=60, context=self._context
        )
        try:
            self._ask(connection, "/api/v1/directory/")
            size = json.loads(self._ask(connection, "/api/v1/log/head/"))["size"]
            self._ask(connection, f"/api/v1/log/consistency/?from={site['head']}&to={size}")
            for index in site["own"][-2:]:
                self._ask(connection, f"/api/v1/log/inclusion/?index={index}&size={size}")
            for path in ("/api/v1/submissions/", "/api/v1/commitments/"):
                self._ask(connection, path, signer=site)
            committed = json.loads(
                self._ask(connection, "/api/v1/commitments/", bytes.fromhex(site["later"][number]))
            )
            begun, envelope = time.monotonic(), bytes.fromhex(site["reports"][number])
            stored = json.loads(self._ask(connection, "/api/v1/submissions/", envelope))
            with self._lock:
                self.handed_in.append(time.monotonic() - begun)
                self.receipts[sha256(envelope).hexdigest()] = time.monotonic()
            assert b64decode(stored["receipt"])
            site["head"], site["own"] = (
                size,
                [*site["own"], committed["log_index"], stored["log_index"]],
            )
        finally:
            connection.close()

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        body: bytes | None = None,
        signer: dict[str, Any] | None = None,
    ) -> bytes:
        headers = {
            "Host": HOST,
            "Accept": "application/json, application/problem+json",
            "User-Agent": "steplabel-agent/test",
        }
        if body is not None:
            headers["Content-Type"] = "application/cbor"
        if signer is not None:
            key = DeviceKey.from_pem(signer["key"].encode())
            headers[device_requests.HTTP_HEADER] = device_requests.sign_request(
                "GET", path, signer["device"], datetime.now(UTC), key
            )
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        with self._lock:
            self.statuses[answer.status] += 1
        if answer.status >= 400:
            raise http.client.HTTPException(f"{path} answered {answer.status}: {content[:300]!r}")
        return content
