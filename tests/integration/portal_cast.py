"""A whole cast for tests of the portal: regulators, enterprises, a certification body, sites with
devices, keys, envelopes.

Envelopes are built by the real wire, with labels made by hand on the pack's public grid.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from secrets import token_bytes
from typing import Any

from django.db import transaction
from django.test import Client

from benchmarks import packs
from benchmarks.released import ReleasedLabel, ReleasedQuantile, ReleasedReport
from benchmarks.routes import Pack, Step
from benchmarks.wire import commitments, envelope
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.pack_conformity import policy_digest
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.sealing import ProcessingPublicKey
from benchmarks.wire.signing import DeviceKey
from portal import keys
from portal.accounts import enrolling as accounts
from portal.accounts.models import (
    ControllingFirm,
    Device,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    Site,
    User,
)
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.intake import commitments as intake_commitments
from portal.intake import receiving
from portal.intake.models import Commitment
from portal.intake.storing import StoredReport
from portal.key_ceremony import make_keys
from portal.opening import unsealing
from portal.publication.models import Publication
from portal.translog import log
from portal.web.presenters.regulator import draft_url

NOW = datetime(2017, 6, 1, 9, 0, tzinfo=UTC)  # after the lag of 2016's figures
PERIOD = "2016"
DATA_ROOT = b"\x01" * 32
SALT = bytes(range(32))
PASSWORD = "a long enough password"  # noqa: S105 - of people who do not exist


@dataclass(frozen=True)
class Plant:
    """A site with its agent's keys."""

    site: Site
    owner: User
    device: Device
    key: DeviceKey

    def __deepcopy__(self, copied: dict[int, Any]) -> Plant:
        """With the same key, which is never copied."""
        return Plant(
            deepcopy(self.site, copied),
            deepcopy(self.owner, copied),
            deepcopy(self.device, copied),
            self.key,
        )

    def challenge(self, revision: int = 1, period: str = PERIOD) -> bytes:
        """What the portal answered to the commitment for it, which is made at first use; not every
        rule of `take` is asked.
        """
        raw = commitments.commit(
            ReportCommitment(self.site.slug, period, revision, DATA_ROOT),
            str(self.device.pk),
            self.key,
        )
        signed = commitments.parse(raw)
        with transaction.atomic():
            head = log.lock()
            stored = Commitment.objects.filter(digest=signed.commitment.digest).first()
            row = stored or intake_commitments.keep(
                head, raw, signed, self.device, keys.receipt_key(), NOW, token_bytes
            )
        return bytes.fromhex(row.nonce)

    def report(
        self,
        pack: Pack,
        revision: int = 1,
        shift: int = 0,
        period: str = PERIOD,
        *,
        committed: bool = True,
    ) -> Report:
        """A report of every released metric of every step: `shift` grid points above the typical
        value.
        """
        challenge = self.challenge(revision, period) if committed else bytes(32)
        labels = tuple(
            label
            for step in pack.steps
            for rule in step.metrics
            if rule.released
            for label in [label_of(pack, step, rule.metric.value, shift)]
        )
        released = ReleasedReport(self.site.slug, pack.id, pack.version, period, revision, labels)
        return Report(
            released,
            packs.digest(pack),
            policy_digest(pack.policy),
            DATA_ROOT,
            challenge,
            "steplabel-agent/test",
            salt=SALT,
        )

    def header(
        self, revision: int = 1, period: str = PERIOD, ledger_sequence: int | None = None
    ) -> Header:
        """Under the number that its challenge gave, if one was."""
        if ledger_sequence is None:
            row = Commitment.objects.filter(
                site=self.site, period=period, revision=revision
            ).first()
            ledger_sequence = revision if row is None else row.sequence
        return Header(
            self.site.slug,
            period,
            revision,
            processing_public().key_id,
            str(self.device.pk),
            ledger_sequence,
        )

    def envelope(
        self,
        pack: Pack,
        revision: int = 1,
        shift: int = 0,
        period: str = PERIOD,
        *,
        committed: bool = True,
    ) -> bytes:
        report = self.report(pack, revision, shift, period, committed=committed)
        return envelope.build(report, self.header(revision, period), self.key, processing_public())


@dataclass
class Cast:
    pack: Pack
    nation: Jurisdiction
    province: Jurisdiction
    drafter: User
    approver: User
    provincial: User
    stranger: User
    auditor: User
    body: Organisation
    group: PeerGroup
    period: ReportingPeriod
    plants: list[Plant] = field(default_factory=list)


def label_of(pack: Pack, step: Step, metric: str, shift: int) -> ReleasedLabel:
    """A released label whose typical value is the pack's, and whose best lies one public spread
    below; both `shift` grid points up.
    """
    rule = next(rule for rule in step.metrics if rule.metric.value == metric)
    typical = round((Fraction(rule.typical) - rule.grid.lower) / rule.grid.width) + shift
    best = typical - max(1, round(Fraction(rule.spread) / rule.grid.width))
    return ReleasedLabel(
        step=step.id,
        product=step.product,
        variant=step.variants[0].id,
        boundary=step.boundary.id,
        metric=rule.metric,
        unit=rule.unit,
        grid=rule.grid,
        count_class=5000,
        best=ReleasedQuantile(step.label_rule.quantile, best, pack.policy.epsilon_best),
        typical=ReleasedQuantile(Fraction(1, 2), typical, pack.policy.epsilon_typical),
    )


def processing_public() -> ProcessingPublicKey:
    return keys.published_directory().content.processing_key(NOW.date())


def make_portal_keys(folder: Path) -> None:
    make_keys(folder, NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=3650))


def person(email: str, organisation: Organisation, role: Role) -> User:
    user = User.objects.create_user(email, PASSWORD, name=email.split("@")[0])
    Membership.objects.create(user=user, organisation=organisation, role=role)
    return user


def without_pack(plant: Plant) -> None:
    """The plant's peer group is by a version of its pack that is not on this machine."""
    group, period = PeerGroup.objects.get(), ReportingPeriod.objects.get()
    gone = PeerGroup.objects.create(
        pack=group.pack, pack_version="99", route=group.route, scope=group.scope
    )
    ReportingPeriod.objects.create(
        peer_group=gone, name=period.name, start=period.start, end=period.end, due=period.due
    )
    PeerGroupMember.objects.filter(site=plant.site).update(peer_group=gone)


def deliver(raw: bytes, now: datetime = NOW) -> StoredReport:
    """What the portal makes of an envelope that is handed in."""
    return receiving.receive(raw, keys.published_directory(), keys.receipt_key(), now)


def open_waiting(now: datetime = NOW) -> unsealing.SweepCounts:
    """The worker opens all that waits."""
    return unsealing.sweep(keys.processing_key(), lambda: now)


def draft_page(row: Publication) -> str:
    """Where an officer reads this version."""
    return draft_url(row.period.peer_group_id, row.period.name, row.version)


def signed_in(user: User | str, language: str = "en") -> Client:
    """The browser of a person, named by the account or its address, that asks for pages in this
    language.
    """
    client = Client(headers={"accept-language": language})
    assert client.login(username=user if isinstance(user, str) else user.email, password=PASSWORD)
    return client


def make_plant(number: int, nation: Jurisdiction, pack: Pack) -> Plant:
    firm = ControllingFirm.objects.create(name=f"Firm {number}")
    enterprise = Organisation.objects.create(
        name=f"Enterprise {number}",
        kind=Role.ENTERPRISE,
        controlling_firm=firm,
        jurisdiction=nation,
    )
    site = Site.objects.create(
        slug=f"works-{number}",
        name=f"Works {number}",
        organisation=enterprise,
        jurisdiction=nation,
        pack=pack.id,
    )
    owner = person(f"owner{number}@example.org", enterprise, Role.ENTERPRISE)
    token = accounts.issue_token(site, None, keys.published_directory().fingerprint, NOW)
    key = DeviceKey.generate()
    device = accounts.enrol(
        token.split(".")[1], key.public.hex, f"{number:064x}", "steplabel-agent/test", NOW
    ).device
    return Plant(site, owner, device, key)


def make_cast(plants: int = 2, pack_id: str = "cement") -> Cast:
    pack = packs.load(pack_id)
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    province = Jurisdiction.objects.create(
        path="cn/he", name="Hebei", level="province", parent=nation
    )
    ministry = Organisation.objects.create(
        name="Ministry", kind=Role.REGULATOR, jurisdiction=nation
    )
    bureau = Organisation.objects.create(name="Bureau", kind=Role.REGULATOR, jurisdiction=province)
    body = Organisation.objects.create(name="Certifier", kind=Role.CERTIFICATION_BODY)
    works = [
        make_plant(number, province if number % 2 else nation, pack)
        for number in range(1, plants + 1)
    ]
    group = make_peer_group(pack_id, nation, [plant.site for plant in works])
    return Cast(
        pack=pack,
        nation=nation,
        province=province,
        drafter=person("drafter@example.org", ministry, Role.REGULATOR),
        approver=person("approver@example.org", ministry, Role.REGULATOR),
        provincial=person("provincial@example.org", bureau, Role.REGULATOR),
        stranger=User.objects.create_user("stranger@example.org", PASSWORD),
        auditor=person("auditor@example.org", body, Role.CERTIFICATION_BODY),
        body=body,
        group=group,
        period=open_period(group, PERIOD, "test", NOW),
        plants=works,
    )
