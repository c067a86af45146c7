"""Composing a period beside reading its rows: 20 steps, and 1,000 and 10,000 plants, on PostgreSQL.

Ours is all of it: the accepted rows out of the database as participants, who enters which cell, the
laws of the noise (none kept from the run before), the posterior's draws, the label with its curves
and totals, and the roster. The reference is psycopg alone, a SELECT of the same rows' own columns,
without a join or an order. The growth is the exponent of our seconds in the number of plants.

A database of its own beside the one that `DATABASE_URL` names; without one, a server of its own is
started.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import packs
from benchmarks.routes import Pack
from tests.performance.intake import _database, _environment
from tests.performance.measurement import Measurement, compare
from tests.performance.protected_values import COLUMNS, copy_values
from tests.servers import postgres

if TYPE_CHECKING:
    from portal.catalogue.models import ReportingPeriod

SIZES = (1_000, 10_000)
STEPS = 20
RUNS = 3
PERIOD = "2025"
_CLASSES = (670, 1000, 2000, 5000, 10000)


def measure() -> list[Measurement]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="steplabel-compose-"))
        folder.chmod(0o755)  # the server's own user has to reach its cluster
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(postgres.serve(folder))
        stack.enter_context(_environment(server.environment))
        database = stack.enter_context(_database())
        stack.enter_context(_environment({**database, "STEPLABEL_VAR": str(folder)}))
        pack = _pack()
        periods = _set_up(pack)
        lines: list[Measurement] = []
        for plants, period in zip(SIZES, periods, strict=True):
            line = compare(
                "compose",
                f"{plants:,} plants x {STEPS} steps",
                _composed(pack, period),
                "bare psycopg SELECT of the rows",
                _read(database["DATABASE_URL"], plants),
                RUNS,
            )
            lines.append(line)
        growth = math.log(lines[-1]["ours_s"] / lines[0]["ours_s"]) / math.log(SIZES[-1] / SIZES[0])
        lines[-1]["size"] += f", growth exponent {growth:.2f}"
    return lines


def _pack() -> Pack:
    """The steel pack with a route of twenty steps: its own, over and over, each under a name of its
    own.
    """
    steel = packs.load("steel")
    steps, route_steps = [], []
    for number in range(STEPS):
        route_step = steel.routes[0].steps[number % len(steel.routes[0].steps)]
        name = f"{route_step.step}-{number}"
        steps.append(steel.step(route_step.step).model_copy(update={"id": name}))
        route_steps.append(route_step.model_copy(update={"step": name}))
    return steel.model_copy(
        update={
            "steps": tuple(steps),
            "routes": (steel.routes[0].model_copy(update={"steps": tuple(route_steps)}),),
        }
    )


def _composed(pack: Pack, period: ReportingPeriod) -> Callable[[], object]:
    from benchmarks.composition import by_step, compose_with_roster, posterior, seed_of
    from portal.standings.cohort import cohort

    def compose() -> object:
        posterior._law.cache_clear()
        present = cohort(period)
        rng = np.random.default_rng(seed_of("composition", present.digests))
        label, roster = compose_with_roster(
            pack, pack.routes[0], by_step(present.labels), rng, period=PERIOD
        )
        if label.best_reached.value is None or any(step.best is None for step in label.cells):
            raise RuntimeError("a value is missing: less was composed than is measured")
        return roster

    return compose


def _read(url: str, plants: int) -> Callable[[], object]:
    import psycopg

    def read() -> object:
        with psycopg.connect(url) as connection:
            query = f"SELECT {COLUMNS} FROM standings_protectedvalue WHERE submission_id <= %s"  # noqa: S608 - our own words
            rows = connection.execute(query, (plants,)).fetchall()
        if len(rows) != plants * STEPS:
            raise RuntimeError(f"{len(rows)} rows instead of {plants * STEPS}")
        return rows

    return read


def _set_up(pack: Pack) -> list[ReportingPeriod]:
    """Tables, one firm a plant with its accepted submission, and a peer group of the first so many
    plants for each size.
    """
    import django

    django.setup()
    from django.core.management import call_command

    from portal.accounts.models import (
        ControllingFirm,
        Device,
        Jurisdiction,
        Organisation,
        Role,
        Site,
    )
    from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
    from portal.intake.models import Submission, SubmissionState

    call_command("migrate", run_syncdb=True, verbosity=0)
    now = datetime(2026, 2, 1, tzinfo=UTC)
    day = timedelta(days=1)
    nation = Jurisdiction.objects.create(path="cn", name="China", level=Jurisdiction.Level.NATION)
    numbers = range(1, SIZES[-1] + 1)
    firms = ControllingFirm.objects.bulk_create(
        [ControllingFirm(pk=n, name=f"Firm {n}") for n in numbers]
    )
    works = Organisation.objects.bulk_create(
        [
            Organisation(
                pk=f.pk, name=f.name, kind=Role.ENTERPRISE, controlling_firm=f, jurisdiction=nation
            )
            for f in firms
        ]
    )
    sites = Site.objects.bulk_create(
        [
            Site(
                pk=o.pk,
                slug=f"works-{o.pk}",
                name=o.name,
                organisation=o,
                jurisdiction=nation,
                pack=pack.id,
            )
            for o in works
        ]
    )
    device = Device.objects.create(site=sites[0], **_device_fields(now))
    Submission.objects.bulk_create(
        [
            Submission(
                pk=site.pk,
                digest=f"{site.pk:064x}",
                site=site,
                period=PERIOD,
                revision=1,
                device=device,
                key_id="k",
                ledger_sequence=1,
                envelope=b"",
                size_bytes=0,
                receipt=b"",
                log_index=site.pk,
                received_at=now,
                state=SubmissionState.ACCEPTED,
            )
            for site in sites
        ]
    )
    copy_values(
        pack,
        [(step, step.variants[0].id, step.metrics[0]) for step in pack.steps],
        SIZES[-1],
        _CLASSES,
    )
    periods = []
    for index, plants in enumerate(SIZES):
        scope = Jurisdiction.objects.create(
            path=f"cn-{index}",
            name=f"Region {index}",
            level=Jurisdiction.Level.PROVINCE,
            parent=nation,
        )
        group = PeerGroup.objects.create(
            pack=pack.id, pack_version=pack.version, route=pack.routes[0].id, scope=scope
        )
        PeerGroupMember.objects.bulk_create(
            [PeerGroupMember(peer_group=group, site=site) for site in sites[:plants]]
        )
        periods.append(
            ReportingPeriod.objects.create(
                peer_group=group, name=PERIOD, start=now - 396 * day, end=now - 31 * day, due=now
            )
        )
    return periods


def _device_fields(now: datetime) -> dict[str, Any]:
    return {"public_key": "0" * 64, "seed_commitment": "0" * 64, "enrolled_at": now}
