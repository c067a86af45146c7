"""Which site each row of an uploaded list of the obliged means, by its id or unified social credit
code; and what is wrong with a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q, QuerySet

from portal.accounts.credit_codes import WrongCodeError, credit_code
from portal.accounts.models import Site
from portal.catalogue.models import ObligedCohort, PeerGroup, PeerGroupMember
from portal.catalogue.selectors import sites_of

MOST_FAULTS = 50


class ObligedFileFault(StrEnum):
    """What can be wrong with a file; the page has the words."""

    NOT_TEXT = "not-text"
    NO_WORKBOOK = "no-workbook"
    TOO_LONG = "too-long"  # more lines than are read of a workbook
    BEYOND_LIMITS = "beyond-limits"  # of memory or time; what was found says which
    NO_SITE_COLUMN = "no-site-column"
    EMPTY = "empty"
    SITE_UNKNOWN = "site-unknown"  # not of this pack in this scope
    SITE_TWICE = "site-twice"
    COHORT_UNKNOWN = "cohort-unknown"
    CODE_WRONG = "code-wrong"  # its length, characters or check digit
    CODE_UNKNOWN = "code-unknown"  # no site of this pack in this scope has it
    CODE_OF_SEVERAL = "code-of-several"  # of several sites: which one is not said


@dataclass(frozen=True, slots=True)
class LineFault:
    """`line` counts as an editor does, the head being 1; 0 is the file as a whole."""

    line: int
    fault: ObligedFileFault
    found: str = ""


@dataclass(frozen=True, slots=True)
class ObligedSite:
    """What a site is to be. `cohort` is empty for none."""

    site: str
    obliged: bool
    cohort: str = ""


def read_list(
    rows: Sequence[tuple[int, Mapping[str, str]]], group: PeerGroup
) -> tuple[tuple[ObligedSite, ...], tuple[LineFault, ...]]:
    """The whole list of the obliged, from rows with `site` or `credit_code`, perhaps `cohort`, each
    with the line on which it stands. Nothing of a list with a fault is used. A code names a site
    where one alone of the eligible has it, itself or by its firm.
    """
    if not rows:
        return (), (LineFault(0, ObligedFileFault.EMPTY),)
    eligible_sites, of_code = set[str](), dict[str, list[str]]()
    for site, own, firm in _eligible(group).values_list(
        "slug", "credit_code", "organisation__credit_code"
    ):
        eligible_sites.add(site)
        of_code.setdefault(own or firm, []).append(site)
    entries: dict[str, ObligedSite] = {}
    faults: list[LineFault] = []
    for line, row in rows:
        site, cohort = row.get("site", ""), row.get("cohort", "").lower()
        if not site and row.get("credit_code"):
            site, fault = _site_of_code(row["credit_code"], of_code)
            if fault is not None:
                faults.append(LineFault(line, fault, row["credit_code"][:40]))
                continue
        if site not in eligible_sites:
            faults.append(LineFault(line, ObligedFileFault.SITE_UNKNOWN, site[:63]))
        elif site in entries:
            faults.append(LineFault(line, ObligedFileFault.SITE_TWICE, site))
        elif cohort not in ("", *ObligedCohort.values):
            faults.append(LineFault(line, ObligedFileFault.COHORT_UNKNOWN, cohort[:40]))
        else:
            entries[site] = ObligedSite(site, True, cohort)
    return ((), tuple(faults[:MOST_FAULTS])) if faults else (tuple(entries.values()), ())


def _site_of_code(
    text: str, of_code: Mapping[str, Sequence[str]]
) -> tuple[str, ObligedFileFault | None]:
    try:
        code = credit_code(text)
    except WrongCodeError:
        return "", ObligedFileFault.CODE_WRONG
    sites = of_code.get(code, ())
    if len(sites) == 1:
        return sites[0], None
    return "", ObligedFileFault.CODE_OF_SEVERAL if sites else ObligedFileFault.CODE_UNKNOWN


def eligible(group: PeerGroup) -> tuple[str, ...]:
    """The sites that could be on the list: of the group's pack, in its scope, and not retired
    unless they are on it now.
    """
    return tuple(_eligible(group).values_list("slug", flat=True))


def _eligible(group: PeerGroup) -> QuerySet[Site]:
    listed = PeerGroupMember.objects.filter(peer_group=group, obliged=True).values("site")
    return sites_of(group).filter(Q(retired_at=None) | Q(pk__in=listed)).order_by("slug")
