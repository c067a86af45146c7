"""How the firms behind the published best of a version are composed: an object of its own, proposed
by one officer, published by another.

It is made of the version's own roster and of what the register holds of the firms' sites (region,
scale, age), goes through `dividing`, is signed, and stands in the
transparency log. What was told stays, also where the version is withdrawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from benchmarks import packs
from benchmarks.composition import IndustryLabel, Roster
from benchmarks.composition.result import CellRoster
from benchmarks.disclosure import GateResult
from benchmarks.wire import logged, published
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey
from extras.best_groups.dividing import BestFirms, ClassShare, OtherDays, Traits, compose
from extras.best_groups.models import Action, BestGroup
from portal.accounts.deciding import require_regulator_of_scope
from portal.accounts.models import Jurisdiction, Site, User
from portal.auditlog.recording import record
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.selectors import overlapping
from portal.days import scheme_day
from portal.names import in_chinese
from portal.problems import RefusedError
from portal.publication.models import Publication, VersionStatus
from portal.publication.refusals import refusal
from portal.translog import log

JSON = dict[str, Any]
SCHEMA = "steplabel/best-group/1"
UNKNOWN = "not-stated"
GONE: Traits = {
    "region": UNKNOWN,
    "scale": UNKNOWN,
    "age": UNKNOWN,
}  # of a site whose firm has left
ELSEWHERE = (
    "not-in-a-part"  # a site that lies in the scope itself and in none of its provinces or cities
)
AGES = (
    (2000, "before-2000"),
    (2010, "2000-to-2009"),
    (2020, "2010-to-2019"),
    (10_000, "since-2020"),
)
"""Classes of the year in which the plant began to run: its first later year, and the class before
it.
"""


def propose(publication: Publication, by: User, now: datetime) -> BestGroup:
    """What the gate lets be told of a published version, for a second officer; anew, by whoever,
    once the proposal is outdated.

    Raises:
        RefusedError: `not-regulator` (403); `not-published`, `best-group-published`,
            `best-group-changed`, `nothing-told` (409).
    """
    with transaction.atomic():
        row = _locked(publication)
        require_regulator_of_scope(by, row.period.peer_group.scope)
        earlier_proposal = BestGroup.objects.filter(publication=row).first()
        if earlier_proposal is not None and earlier_proposal.published_at is not None:
            raise RefusedError(
                409,
                "best-group-published",
                "This is published already.",
                "What is published is never changed.",
            )
        content = _content(row)
        if (
            earlier_proposal is not None
            and earlier_proposal.document["steps"] == content["document"]["steps"]
        ):
            if earlier_proposal.proposed_by_id != by.pk:
                raise changed()
            return earlier_proposal  # the form sent twice
        proposal, _new = BestGroup.objects.update_or_create(
            publication=row, defaults={**content, "proposed_by": by, "proposed_at": now}
        )
        record(
            now,
            by.email,
            Action.PROPOSED,
            row.audit_subject,
            f"{_steps_with_traits(content['document'])} cells",
        )
    return proposal


def as_read(proposal: BestGroup | None) -> str:
    """A digest of a proposal as an officer read it, and of there being none."""
    read = [proposal.proposed_by_id, proposal.document["steps"]] if proposal is not None else []
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def changed() -> RefusedError:
    return RefusedError(
        409,
        "best-group-changed",
        "This was proposed, or proposed again, since you opened the page: nothing was done.",
        "Read what it says now, then decide.",
    )


def outdated() -> RefusedError:
    return RefusedError(
        409, "best-group-outdated", "The gate would let other shares out now.", "Propose it again."
    )


def is_outdated(proposal: BestGroup, composed: Sequence[BestFirms]) -> bool:
    """Whether a proposal says otherwise than the gate does now (`composed_of_best`): it can only be
    made again.
    """
    label = GateResult.from_json(proposal.publication.gate).published
    return proposal.published_at is None and proposal.document["steps"] != _steps(label, composed)


def publish(
    publication: Publication, read_against: str, by: User, key: ReceiptKey, now: datetime
) -> BestGroup:
    """A second officer lets out what `as_read` names: the gate is asked again, and the document is
    signed and logged.

    Raises:
        RefusedError: `not-regulator`, `own-best-group` (403); `not-published`, `not-proposed`,
            `best-group-changed`, `best-group-outdated`, `nothing-told` (409).
    """
    with transaction.atomic():
        row = _locked(publication)
        require_regulator_of_scope(by, row.period.peer_group.scope)
        proposal = BestGroup.objects.select_for_update(of=("self",)).filter(publication=row).first()
        if proposal is None:
            raise RefusedError(
                409,
                "not-proposed",
                "Nobody has proposed this yet.",
                "Propose it; a second officer publishes it.",
            )
        if proposal.published_at is not None:
            return proposal  # the form sent twice
        if proposal.proposed_by_id == by.pk:
            raise RefusedError(
                403,
                "own-best-group",
                "You proposed this yourself.",
                "A second officer has to publish it.",
            )
        if read_against != as_read(proposal):
            raise changed()
        content = _content(row)
        if content["document"]["steps"] != proposal.document["steps"]:
            raise outdated()
        document = published.sign(content["document"] | {"on": scheme_day(now).isoformat()}, key)
        digest = published.digest(document)
        index = log.add(EntryKind.BEST_GROUP, logged.best_group(digest).hex(), now)
        proposal.document, proposal.behind, proposal.digest, proposal.log_index = (
            document,
            content["behind"],
            digest.hex(),
            index,
        )
        proposal.published_by, proposal.published_at = by, now
        proposal.save()
        record(
            now,
            by.email,
            Action.PUBLISHED,
            row.audit_subject,
            f"{_steps_with_traits(document)} cells, entry {index}",
        )
    return proposal


def composed_of_best(publication: Publication) -> tuple[BestFirms, ...]:
    """What the gate says now of every cell of a version that the public has seen, in the order of
    its steps.

    Raises:
        RefusedError: `erratum-alone` (409): nobody knows who the best of an erratum are.
    """
    if publication.corrects_id is not None:
        raise refusal("erratum-alone")
    period = publication.period
    pack = packs.load(period.peer_group.pack, period.peer_group.pack_version)
    roster, label = (
        Roster.from_json(publication.roster),
        GateResult.from_json(publication.gate).published,
    )
    by_slug = _traits_of(
        (member.site for cell in roster.cells for member in cell.members), period.peer_group.scope
    )
    before, other_days = _told_before(publication), _told_of_other_days(publication)
    composed = []
    for cell in label.cells:
        who = roster.of(cell.name)
        rule = cell.rule if cell.best is not None else None
        traits = dict(_of_firms(who, by_slug))
        others = other_days.get(cell.name, ())
        composed.append(
            compose(
                who,
                rule,
                traits,
                pack.composition,
                pack.disclosure,
                before.get(cell.name, ()),
                others,
            )
        )
    return tuple(composed)


def published_version(publication: int) -> Publication | None:
    """The version if it is in public, with its period, group and scope."""
    rows = Publication.objects.select_related("period__peer_group__scope")
    return rows.filter(pk=publication, status=VersionStatus.PUBLISHED).first()


def proposal_of(publication: Publication) -> BestGroup | None:
    """What was proposed of the version's best firms, or published, with who did."""
    return (
        BestGroup.objects.select_related("publication", "proposed_by", "published_by")
        .filter(publication=publication)
        .first()
    )


def best_group_of(publication: int) -> BestGroup | None:
    """What was published of a version; None while nothing is."""
    return BestGroup.objects.filter(publication=publication, published_at__isnull=False).first()


def _content(row: Publication) -> JSON:
    composed = composed_of_best(row)
    label = GateResult.from_json(row.gate).published
    if not any(of_best.shares for of_best in composed):
        raise RefusedError(
            409,
            "nothing-told",
            "The disclosure gate allows nothing of this to be shown.",
            "Its page says why, step by step.",
        )
    period, group = row.period, row.period.peer_group
    scope = group.scope.path
    jurisdictions = Jurisdiction.objects.filter(Q(path=scope) | Q(path__startswith=f"{scope}/"))
    names = {
        jurisdiction.path: {
            "en": str(jurisdiction.name),
            "zh": in_chinese(jurisdiction.name) or str(jurisdiction.name),
        }
        for jurisdiction in jurisdictions
    }
    document = {
        "schema": SCHEMA,
        "benchmark": {
            "pack": group.pack,
            "place": scope,
            "route": group.route,
            "period": period.name,
            "version": row.version,
            "digest": row.digest,
        },
        "regions": names,
        "steps": _steps(label, composed),
    }
    roster = Roster.from_json(row.roster)
    return {
        "document": document,
        "behind": {
            of_best.cell: _behind(of_best, roster.of(of_best.cell))
            for of_best in composed
            if of_best.shares
        },
    }


def _steps(label: IndustryLabel, composed: Sequence[BestFirms]) -> list[JSON]:
    return [
        {
            "step": cell.step,
            "product": cell.product,
            "variant": cell.variant,
            "boundary": cell.boundary,
            "metric": str(cell.metric),
            "firms": of_best.firms,
            "best_firms": of_best.best,
            "traits": {
                trait: [_shown(share) for share in shares]
                for trait, shares in of_best.shares.items()
            },
            "code": str(of_best.reason) if of_best.reason else "shown",
            "reason": of_best.words.by_language if of_best.words else {},
        }
        for cell, of_best in zip(label.cells, composed, strict=True)
    ]


def _shown(share: ClassShare) -> JSON:
    return {"classes": list(share.classes), "firms": share.firms}


def _behind(of_best: BestFirms, who: CellRoster) -> JSON:
    """Who stands behind each share, with the site by which a firm that leaves is found."""
    site = {member.firm: member.site for member in who.members}
    return {
        trait: [
            {
                "classes": list(share.classes),
                "members": [[firm, site[firm]] for firm in sorted(share.members)],
            }
            for share in shares
        ]
        for trait, shares in of_best.shares.items()
    }


def _told_before(
    publication: Publication,
) -> Mapping[str, Sequence[Mapping[str, tuple[ClassShare, ...]]]]:
    """By cell: tables of the sector that were ever published of any of the same days, of other
    versions.
    """
    period = publication.period
    same_days = ReportingPeriod.objects.filter(
        overlapping(period.start, period.end), peer_group__pack=period.peer_group.pack
    )
    rows = BestGroup.objects.filter(
        published_at__isnull=False, publication__period__in=same_days
    ).exclude(publication=publication)
    by_cell: dict[str, list[Mapping[str, tuple[ClassShare, ...]]]] = {}
    for behind in rows.values_list("behind", flat=True):
        for cell, tables in behind.items():
            by_cell.setdefault(cell, []).append(_shares(tables))
    return by_cell


def _told_of_other_days(publication: Publication) -> Mapping[str, Sequence[OtherDays]]:
    """By cell: tables of the sector that were ever published of other days, with who stood behind
    the values then.
    """
    period = publication.period
    of_sector = ReportingPeriod.objects.filter(
        peer_group__pack=period.peer_group.pack
    )  # of any version: the next year may have another
    same_days = of_sector.filter(overlapping(period.start, period.end))
    rows = BestGroup.objects.filter(published_at__isnull=False, publication__period__in=of_sector)
    by_cell: dict[str, list[OtherDays]] = {}
    for behind, stored in rows.exclude(publication__period__in=same_days).values_list(
        "behind", "publication__roster"
    ):
        roster = Roster.from_json(stored)
        traits_by_site = _traits_of(
            (member.site for cell in roster.cells for member in cell.members),
            period.peer_group.scope,
        )
        for cell, tables in behind.items():
            sites = [member.site for member in roster.of(cell).members]
            by_cell.setdefault(cell, []).append(
                OtherDays(_shares(tables), {site: traits_by_site.get(site, GONE) for site in sites})
            )
    return by_cell


def _shares(tables: JSON) -> dict[str, tuple[ClassShare, ...]]:
    return {trait: tuple(map(_share, shares)) for trait, shares in tables.items()}


def _share(stored: JSON) -> ClassShare:
    return ClassShare(
        tuple(stored["classes"]), frozenset(firm for firm, _site in stored["members"])
    )


def _of_firms(who: CellRoster, by_slug: Mapping[str, Traits]) -> Iterator[tuple[str, Traits]]:
    """By firm, what the register holds of the site that stands for it; of one that has left,
    nothing.
    """
    yield from ((member.firm, by_slug.get(member.site, GONE)) for member in who.members)


def _traits_of(sites: Iterable[str], scope: Jurisdiction) -> dict[str, Traits]:
    """By site, of those that the register holds."""
    return {
        site.slug: _traits(site, scope)
        for site in Site.objects.filter(slug__in=set(sites)).select_related("jurisdiction")
    }


def _traits(site: Site, scope: Jurisdiction) -> Traits:
    return {
        "region": region_of(site.jurisdiction.path, scope.path),
        "scale": site.size_class,
        "age": age_of(site.since),
    }


def region_of(path: str, scope: str) -> str:
    """The part of the scope, one level below it, in which a site lies."""
    if not path.startswith(f"{scope}/"):
        return ELSEWHERE
    return f"{scope}/{path.removeprefix(f'{scope}/').split('/')[0]}"


def age_of(since: int | None) -> str:
    return UNKNOWN if since is None else next(name for until, name in AGES if since < until)


def _steps_with_traits(document: JSON) -> int:
    return sum(bool(step["traits"]) for step in document["steps"])


def _locked(publication: Publication) -> Publication:
    """With every period of the sector, as who publishes a version has it: of two tables let out at
    once each must know of the other.
    """
    pack = publication.period.peer_group.pack
    list(
        ReportingPeriod.objects.filter(peer_group__pack=pack)
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    row = Publication.objects.select_related("period__peer_group__scope").get(pk=publication.pk)
    if row.status != VersionStatus.PUBLISHED:
        raise RefusedError(
            409, "not-published", "This version is not published.", "Publish the version first."
        )
    return row
