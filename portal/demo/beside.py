"""What stands beside the newest year of the agents' sector: its years before, and the other
sectors, by the same code in one process.

Labels are drawn by the real mechanism, by the simulated site's seed and the portal's challenge,
sealed, received, opened by the demo's worker, composed and published. No files of meters are
written and no agent is started: that is what would take minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks import packs
from benchmarks.privacy.randomness import SEED_BYTES, KeyedStream, ReportKey, commitment
from benchmarks.released import ReleasedReport
from benchmarks.wire import commitments, envelope
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.pack_conformity import policy_digest
from benchmarks.wire.schema import Header, Report
from benchmarks.wire.signing import DeviceKey
from fixtures.simulator import Plant, Sector
from fixtures.simulator.releases import released
from portal import keys
from portal.accounts import enrolling as accounts
from portal.accounts.models import Device, Role, Site, User
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.periods import close_period
from portal.demo import cast as casting
from portal.demo.plants import keys_of
from portal.intake import commitments as intake_commitments
from portal.intake import receiving as intake
from portal.problems import RefusedError
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.register import register_file
from portal.register.bringing import bring_to
from portal.standings import computing as standings

YEARS = 3
FIRMS = 18
LATE = 3  # sites of the first of the other sectors that have not reported its newest year


def other_sectors(main: Sector) -> tuple[Sector, ...]:
    return tuple(
        Sector(pack, main.seed, FIRMS, main.year)
        for pack in sorted(packs.shipped())
        if pack != main.pack.id
    )


def site_of(plant: Plant, main: Sector) -> str:
    """Works of one name in two sectors are two sites."""
    return plant.site if plant.pack.id == main.pack.id else f"{plant.pack.id}-{plant.site}"


def declare(main: Sector, now: datetime) -> tuple[Sector, ...]:
    """Put firms, sites and peer groups of the other sectors on the register, with their years, and
    the years before of the main one.
    """
    others = other_sectors(main)
    for sector in (main, *others):
        declared = casting.declared(sector, now.date())
        (group,) = declared.peer_groups
        last = sector.year if sector is not main else sector.year - 1
        years = range(sector.year - YEARS + 1, last + 1)
        periods = tuple(
            register_file.DeclaredPeriod(
                name=str(year), due=min(date(year + 1, 4, 30), now.date() - timedelta(days=7))
            )
            for year in years
        )
        if sector is main:
            more = register_file.Roll(peer_groups=(group.model_copy(update={"periods": periods}),))
        else:
            more = register_file.Roll(
                firms=declared.firms,
                organisations=tuple(
                    organisation
                    for organisation in declared.organisations
                    if organisation.kind == Role.ENTERPRISE
                ),
                sites=tuple(
                    site.model_copy(update={"id": site_of(plant, main)})
                    for site, plant in zip(declared.sites, sector.plants, strict=True)
                ),
                peer_groups=(group.model_copy(update={"periods": periods}),),
            )
        bring_to(more, datetime(sector.year - YEARS + 1, 12, 1, tzinfo=UTC), by="operator")
    return others


def least_best(plants: Sequence[Plant], count: int) -> set[str]:
    """Sites whose best rank at any step is the worst: a year that lacks a firm among the best may
    show nothing beside the year before.
    """
    truths = {plant.site: plant.truth for plant in plants}
    best_rank = {
        site: min(
            sum(other[key] < value for other in truths.values()) for key, value in truth.items()
        )
        for site, truth in truths.items()
    }
    return set(sorted(best_rank, key=best_rank.__getitem__)[len(plants) - count :])


@dataclass(frozen=True, slots=True)
class Agent:
    """What the agent of a simulated site holds."""

    device: Device
    key: DeviceKey
    seed: bytes


@dataclass
class Reporter:
    """Plants that report in this process, each with its agent: those of the main sector with the
    keys of the real one, which go on.
    """

    main: Sector
    plants: Path  # folders of the main sector's plants, whose agents are enrolled
    agents: dict[str, Agent] = field(default_factory=dict)
    sent: int = 0

    def report(self, sector: Sector, year: int, *, late: int = 0) -> None:
        now = datetime(year + 1, 2, 20, 9, 0, tzinfo=UTC)
        missing = least_best(sector.plants, late) if late else set()
        for plant in sector.plants:
            if plant.site not in missing:
                self._send(plant, year, now)

    def _send(self, plant: Plant, year: int, now: datetime) -> None:
        site = site_of(plant, self.main)
        agent = self.agents.get(site) or self._enrol(plant, site, now)
        root = os.urandom(32)
        raw = commitments.commit(
            ReportCommitment(site, str(year), 1, root), str(agent.device.pk), agent.key
        )
        committed = intake_commitments.take(raw, keys.receipt_key(), now, os.urandom).commitment
        challenge, key = (
            bytes.fromhex(committed.nonce),
            ReportKey.of(agent.seed, site, str(year), 1),
        )

        def stream_for(name: str) -> KeyedStream:
            return key.stream(name, challenge=challenge, data_root=root)

        labels = tuple(released(plant, self.main.year - year, stream_for))
        report = Report(
            ReleasedReport(site, plant.pack.id, plant.pack.version, str(year), 1, labels),
            packs.digest(plant.pack),
            policy_digest(plant.pack.policy),
            root,
            challenge,
            "steplabel-demo",
            salt=key.values_salt(root),
        )
        recipient = keys.published_directory().content.processing_key(now.date())
        header = Header(
            site, str(year), 1, recipient.key_id, str(agent.device.pk), committed.sequence
        )
        intake.receive(
            envelope.build(report, header, agent.key, recipient),
            keys.published_directory(),
            keys.receipt_key(),
            now,
        )
        self.sent += 1

    def _enrol(self, plant: Plant, site: str, now: datetime) -> Agent:
        if plant.pack.id == self.main.pack.id:
            pem, seed = keys_of(self.plants / site)
            self.agents[site] = Agent(
                Device.objects.get(site__slug=site), DeviceKey.from_pem(pem), seed
            )
            return self.agents[site]
        token = accounts.issue_token(
            Site.objects.get(slug=site), None, keys.published_directory().fingerprint, now
        )
        key, seed = DeviceKey.generate(), os.urandom(SEED_BYTES)
        device = accounts.enrol(
            token.split(".")[1], key.public.hex, commitment(seed).hex(), "steplabel-demo", now
        ).device
        self.agents[site] = Agent(device, key, seed)
        return self.agents[site]


def fill(
    main: Sector,
    others: tuple[Sector, ...],
    plants: Path,
    opened: Callable[[], object],
    refused: Callable[[str, RefusedError], object],
) -> int:
    """Report and publish all that stands beside; `opened` waits until the worker has opened what
    was sent. How many reports.

    The first of the others misses some reports of its newest year, and withdrew a version of the
    year before; the last one's newest version waits for the second person. What the gate lets
    nothing out of stays a draft, and `refused` hears of what and why.
    """
    reporter = Reporter(main, plants)
    for sector in others:
        for year in range(sector.year - YEARS + 1, sector.year + 1):
            reporter.report(
                sector, year, late=LATE if (sector, year) == (others[0], sector.year) else 0
            )
    for year in range(main.year - YEARS + 1, main.year):
        reporter.report(main, year)
    opened()
    drafter, approver = (
        User.objects.get(email=email) for email in (casting.DRAFTER, casting.APPROVER)
    )
    for period in ReportingPeriod.objects.exclude(
        peer_group__pack=main.pack.id, name=str(main.year)
    ).order_by("name", "peer_group__pack"):
        out = datetime(int(period.name) + 1, 6, 1, 9, 0, tzinfo=UTC)
        standings.compute(period, drafter.email, out)
        draft = drafting.draft(period, drafter, out)
        if (
            others
            and period.peer_group.pack == others[-1].pack.id
            and period.name == str(main.year)
        ):
            continue
        try:
            first = publishing.publish(draft, approver, keys.receipt_key(), out)
        except RefusedError as refusal:
            refused(f"{period.peer_group.pack} {period.name}", refusal)
            continue
        if (
            others
            and period.peer_group.pack == others[0].pack.id
            and period.name == str(main.year - 1)
        ):
            _again(first, drafter, approver, out + timedelta(days=30))
        if period.name < str(main.year):
            close_period(period, approver.email, out + timedelta(days=40))
    return reporter.sent


def _again(first: Publication, drafter: User, approver: User, now: datetime) -> None:
    """A version that was withdrawn with its reason, and the one in its place."""
    publishing.withdraw(first, approver, "A plant had counted steam that it sold as its own.", now)
    draft = drafting.draft(
        first.period,
        drafter,
        now,
        "The plant's own statement was checked; its values stay as they were reported.",
    )
    publishing.publish(draft, approver, keys.receipt_key(), now + timedelta(days=1))
