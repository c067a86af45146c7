"""No page asks the database more often because more firms take part: eight firms, the fewest of whom
figures are published, and ten cost the same number of questions.

With `--long` eight and twenty-five.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.disclosure import GateResult
from benchmarks.wire.signing import AuditorSigningKey
from portal import keys
from portal.accounts.models import User
from portal.assurance import findings
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import code_of
from portal.assurance.confirming import hand_in
from portal.assurance.models import Finding
from portal.catalogue import deadlines
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission
from portal.practices import reviewing
from portal.practices.revisions import as_read
from portal.publication import drafting, publishing
from portal.publication.document import BenchmarkScope, document_of
from portal.publication.models import Publication
from portal.standings import computing as standings
from portal.web.sight import readiness
from tests.integration.audited import make_attestation
from tests.integration.of_extras import PageScene, of_each
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    draft_page,
    make_cast,
    open_waiting,
)
from tests.integration.test_practice_outcomes import PRACTICE, file_of
from tests.integration.test_practices import HOT, edit

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

FEW, MANY, MANY_LONG = 8, 10, 25


def queries_of_every_page(firms: int) -> Mapping[str, int]:
    for forget in (
        cache.clear,
        caches["pages"].clear,
        readiness.room.cache_clear,
    ):  # both start with nothing kept
        forget()
    cast = make_cast(firms)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    key = AuditorSigningKey.generate()
    year = timedelta(days=365)
    before = ReportingPeriod.objects.create(
        peer_group=cast.group,
        name="2015",
        start=cast.period.start - year,
        end=cast.period.start,
        due=NOW + year,
    )
    for plant in cast.plants:
        attested = make_attestation(
            assign(cast.body, plant.site, PERIOD, cast.approver, NOW), cast.auditor, NOW, key=key
        )
        findings.appeal(
            Finding.objects.get(assignment=attested.assignment), "No.", "", plant.owner, NOW
        )
        deadlines.ask(before, plant.site, (NOW + 2 * year).date(), "Rebuilt.", plant.owner, NOW)
    published, draft = published_and_draft(cast)
    digest = Submission.objects.get(site=cast.plants[0].site).digest
    owner, officer, auditor = cast.plants[0].owner, cast.approver, cast.auditor
    group = [cast.group.pk, PERIOD]
    offered = [
        reviewing.offer(works.owner, works.site.organisation_id, HOT, named=True, now=NOW)
        for works in cast.plants
    ]
    practices = [edit(entry, cast.drafter) for entry in offered]
    reviewing.publish(practices, as_read(*practices), cast.approver, keys.receipt_key(), NOW)
    for plant in cast.plants:
        hand_in(file_of(plant), PRACTICE, plant.owner, keys.receipt_key(), NOW, ask=True)
    pages: dict[str, tuple[User | None, str]] = {
        "the list": (None, reverse("web:sectors")),
        "the benchmark": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/",
        ),
        "two versions": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/?against={published.version}",
        ),
        "on paper": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/benchmark.pdf",
        ),
        "its ladder as a picture": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/ladder.svg",
        ),
        "its citation": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/benchmark.bib",
        ),
        "its sector": (None, "/sectors/cement/cn/dry-process/"),
        "one of its steps": (None, "/sectors/cement/cn/dry-process/clinker-burning/"),
        "one of its steps, to a firm": (owner, "/sectors/cement/cn/dry-process/clinker-burning/"),
        "its sector as open data": (None, "/sectors/cement/cn/dry-process/sector.parquet"),
        "its Parquet": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/benchmark.parquet",
        ),
        "for catalogues": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/benchmark.jsonld",
        ),
        "the door for proof": (None, reverse("web:verify-ask")),
        "its head": (None, reverse("web:log-head")),
        "the API": (None, reverse("web:api")),
        "every version as a file": (None, reverse("web:every-version-csv")),
        "the agent": (owner, reverse("web:agent")),
        "the status": (None, reverse("web:status")),
        "its table": (
            None,
            f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{published.version}/benchmark.csv",
        ),
        "our plant": (owner, reverse("web:our-plants")),
        "our plant on paper": (
            owner,
            reverse("web:our-plant-pdf", args=[cast.plants[0].site.slug]),
        ),
        "submissions": (owner, reverse("web:submissions")),
        "one submission": (owner, reverse("web:submission", args=[digest])),
        "sites": (owner, reverse("web:sites")),
        "the first page of a regulator": (officer, reverse("web:home")),
        "of a certification body": (auditor, reverse("web:home")),
        "search": (officer, reverse("web:search") + "?words=works"),
        "a site": (officer, reverse("web:site-record", args=[cast.plants[0].site.slug])),
        "a firm": (owner, reverse("web:firm-record", args=[cast.plants[0].site.organisation_id])),
        "the periods": (officer, reverse("web:periods")),
        "its file": (officer, reverse("web:periods-csv")),
        "the evaluation of a period": (officer, reverse("web:period", args=[*group, "results"])),
        "the same to write on in": (officer, reverse("web:results-docx", args=group)),
        "who took part, as a file": (officer, reverse("web:participation-csv", args=group)),
        "applications": (officer, reverse("web:applications")),
        "keys": (owner, reverse("web:keys")),
        "people": (owner, reverse("web:people")),
        "its firm": (owner, reverse("web:firm-record", args=[cast.plants[0].site.organisation_id])),
        "who saw and did what": (
            owner,
            reverse("web:record", args=[cast.plants[0].site.organisation_id]),
        ),
        "leaving": (owner, reverse("web:leave", args=[cast.plants[0].site.organisation_id])),
        "account": (owner, reverse("mfa_index")),
        "notifications": (owner, reverse("web:notifications")),
        "its account": (owner, reverse("mfa_index")),
        "participation": (officer, reverse("web:period", args=[*group, "reports"])),
        "who is obliged": (officer, reverse("web:obliged", args=[cast.group.pk])),
        "the library of practices": (None, reverse("web:practices")),
        "the library as a file": (None, reverse("web:practices-csv")),
        "one practice": (None, reverse("web:practice", args=[practices[0].practice])),
        "what a practice saved": (
            owner,
            reverse("web:practice-outcome", args=[practices[0].practice]),
        ),
        "what an auditor confirms": (auditor, reverse("web:confirmations")),
        "practices on their way": (officer, reverse("web:practice-entries")),
        "a practice on its way": (officer, reverse("web:practice-entry", args=[practices[0].pk])),
        "what is assigned": (officer, reverse("web:assignments")),
        "what is assigned, as a file": (officer, reverse("web:assignments-csv")),
        "a site to assign": (officer, reverse("web:assign")),
        "several to assign": (officer, reverse("web:assign-several")),
        "assigning it": (officer, reverse("web:assign-site", args=[cast.plants[0].site.slug])),
        "obligatory audits": (officer, reverse("web:obliged-audits")),
        "obligatory audits, as a file": (officer, reverse("web:obliged-audits-csv")),
        "the obligatory audit of a site": (
            owner,
            reverse("web:obliged-audit", args=[cast.plants[0].site.slug]),
        ),
        "the audit trail": (officer, reverse("web:trail")),
        "standings": (officer, reverse("web:period", args=[*group, "standings"])),
        "deadlines": (officer, reverse("web:period", args=[*group, "deadlines"])),
        "requests for more time": (
            officer,
            reverse("web:period", args=[cast.group.pk, "2015", "deadlines"]),
        ),
        "asking for more time": (
            owner,
            reverse("web:ask-for-time", args=[cast.plants[0].site.slug, cast.group.pk, "2015"]),
        ),
        "an appeal": (officer, reverse("web:appealed-finding", args=[attested.assignment_id, 1])),
        "a draft": (officer, draft_page(draft)),
        "correcting a version": (officer, reverse("web:correct", args=[published.pk])),
        "assigned": (auditor, reverse("web:assigned")),
        "one assigned": (auditor, reverse("web:assigned-submission", args=[digest])),
        "one engagement": (auditor, reverse("web:engagement", args=[attested.assignment_id])),
        "one finding": (
            auditor,
            reverse("web:engagement-finding", args=[attested.assignment_id, 1]),
        ),
        "a sample": (auditor, reverse("web:engagement-sample", args=[attested.assignment_id])),
        "a statement to write": (
            auditor,
            reverse("web:engagement-opinion", args=[attested.assignment_id]),
        ),
        "one attestation": (auditor, reverse("web:attestation", args=[attested.digest])),
        "signing keys": (auditor, reverse("web:auditor-keys")),
        "audits of own sites": (owner, reverse("web:audits")),
        "a code that is checked": (None, reverse("web:verify", args=[code_of(attested.digest)])),
        "its certificate": (
            None,
            reverse("web:verify-certificate", args=[code_of(attested.digest)]),
        ),
    }
    for pages_of in of_each("pages"):
        pages |= pages_of(PageScene(cast, published))
    counts = {}
    for name, (who, address) in pages.items():
        client = Client()
        if who is not None:
            assert client.login(username=who.email, password=PASSWORD)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200, name
        counts[name] = len(asked)
    return counts


def published_and_draft(cast: Cast) -> tuple[Publication, Publication]:
    """Let out by hand: of fewer than eight firms the gate shows nothing, and the page of such a
    version is made for its cost alone.
    """
    first = drafting.draft(cast.period, cast.drafter, NOW)
    scope = BenchmarkScope.of(cast.nation)
    document = document_of(
        GateResult.from_json(first.gate), first.explanation, first.version, NOW.date(), scope
    )
    publishing.let_out(
        first,
        publishing.ApprovedVersion(first.gate, first.explanation, document),
        cast.approver.pk,
        NOW,
        "",
    )
    return first, drafting.draft(cast.period, cast.drafter, NOW, "The same again.")


def test_no_page_asks_more_of_the_database_for_more_firms(long: bool) -> None:
    counts = []
    for firms in (FEW, MANY_LONG if long else MANY):
        with transaction.atomic(), transaction.atomic(using="vault"):
            counts.append(queries_of_every_page(firms))
            for database in ("default", "vault"):
                transaction.set_rollback(True, using=database)
    few, many = counts
    assert few == many
    assert max(many.values()) <= 25, f"a page asks too much: {many}"
