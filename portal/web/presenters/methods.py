"""Method packs for everybody: each version, each number with its source, and what one version says
otherwise than another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.http import QueryDict
from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.packs.provenance import Number, NumberRole, digest_of_sources
from benchmarks.packs.provenance import factors as numbers_of_factors
from benchmarks.packs.provenance import numbers as numbers_of_pack
from benchmarks.routes import Pack
from portal.governance.selectors import ApprovedPackView
from portal.web.addresses import NUMBER, differences_url, number_url
from portal.web.lists.tables import columns, paged, with_query
from portal.web.viewmodels.listed import ListTable, NarrowingLink, TableCell
from portal.web.viewmodels.methods import Fact, Link, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb
from portal.web.viewmodels.tables import PageRange
from portal.web.words import tables as word_tables
from portal.web.words.figures import NONE
from portal.web.words.terms import STATUSES, enumerated, in_page_language, unit_in_words

MAINTAINERS = "maintainers of the packs"
"""Who read the sources of the packs that come with Steplabel, as their files say it."""

ROLES = {
    NumberRole(role): (texts["name"], texts["moves"])
    for role, texts in word_tables.rows("roles").items()
}
"""What numbers of a role are called, and what they move."""


def _editions(
    editions: Sequence[Pack], approved: Mapping[str, ApprovedPackView], here: Pack
) -> MethodSection:
    """The versions of the pack, newest first, with what was approved of them."""
    heads = (
        _("Version"),
        _("In force from"),
        _("until"),
        _("Approved"),
        _("Digest of the pack’s content (SHA-256)"),
        _("Compared"),
    )
    rows = tuple(
        _version_row(pack, before, approved)
        for pack, before in zip(editions, (*editions[1:], None), strict=True)
    )
    return MethodSection(_("Versions"), table_of(in_page_language(here.words), heads, rows, ""))


def _version_row(
    pack: Pack, before: Pack | None, approved: Mapping[str, ApprovedPackView]
) -> tuple[TableCell, ...]:
    approval = approved.get(pack.version)
    corrects = str(approval.document["corrects"]) if approval else ""
    against = corrects or (before.version if before else "")
    return (
        TableCell(
            pack.version,
            note=_("corrects version %(version)s") % {"version": corrects} if corrects else "",
            url=reverse("web:method-version", args=[pack.id, pack.version]),
        ),
        TableCell(date_format(pack.effective_from, _("j F Y"))),
        TableCell(
            date_format(pack.effective_to, _("j F Y")) if pack.effective_to else _("further notice")
        ),
        TableCell(str(approval.document["approved_on"]) if approval else _("comes with Steplabel")),
        TableCell(packs.digest(pack).hex(), mono=True),
        TableCell(
            _("with version %(version)s") % {"version": against},
            url=differences_url(pack.id, pack.version, against),
        )
        if against
        else TableCell(NONE),
    )


def version_page(
    pack: Pack,
    editions: Sequence[Pack],
    approvals: Mapping[str, ApprovedPackView],
    errata: Sequence[str],
    query: QueryDict,
    asked: Sequence[MethodSection],
) -> MethodSheet:
    """One version: how it came to be, what was asked of it, its numbers, those of one role at once,
    and the other versions.
    """
    approved = approvals.get(pack.version)
    facts = [
        Fact(_("In force from"), "", day=pack.effective_from),
        Fact(_("Digest of the pack’s content (SHA-256)"), packs.digest(pack).hex(), mono=True),
        Fact(
            _("Conversion factors"),
            _("version %(version)s") % {"version": packs.factors(pack).version},
        ),
        Fact(_("Digest of the factors (SHA-256)"), packs.factors(pack).digest.hex(), mono=True),
        Fact(
            _("Digest of the numbers and of how each was read (SHA-256)"),
            digest_of_sources(pack),
            mono=True,
        ),
    ]
    links = [Link(_("Proposals of new versions and errata"), reverse("web:proposals"))]
    if approved is not None:
        facts += [
            Fact(_("Approved"), str(approved.document["approved_on"])),
            Fact(_("Reason"), approved.reason),
            Fact(_("Sources"), approved.sources),
            Fact(
                _("Transparency log"),
                _("entry %(n)s") % {"n": approved.log_index},
                url=f"{reverse('web:verify-ask')}?code={approved.log_index}",
            ),
            Fact(_("Signed by key"), str(approved.document["signature"]["key_id"]), mono=True),
        ]
        links.append(
            Link(
                _("The file with signature and proof, JSON"),
                reverse("api:pack", args=[pack.id, pack.version]),
            )
        )
        if corrects := str(approved.document["corrects"]):
            facts.append(
                Fact(
                    _("Erratum of"),
                    _("version %(version)s: what it changes") % {"version": corrects},
                    url=differences_url(pack.id, pack.version, corrects),
                )
            )
    else:
        facts.append(Fact(_("Approved"), _("It comes with Steplabel.")))
    facts += [
        Fact(
            _("Corrected by"),
            _("version %(version)s: what it changes") % {"version": erratum},
            url=differences_url(pack.id, erratum, pack.version),
        )
        for erratum in errata
    ]
    named = {"pack": in_page_language(pack.words), "version": pack.version}
    return MethodSheet(
        _("%(pack)s, version %(version)s") % named,
        (Crumb(_("About"), reverse("web:about")),),
        "",
        tuple(facts),
        (
            *asked,
            MethodSection(_("How the numbers were read"), _read(pack)),
            MethodSection(_("Numbers"), _numbers(pack, query)),
            _editions(editions, approvals, pack),
        ),
        tuple(links),
    )


def numbers(pack: Pack) -> list[Number]:
    """Every number of the pack and of its conversion factors."""
    return [*numbers_of_pack(pack), *numbers_of_factors(packs.factors(pack))]


def _read(pack: Pack) -> ListTable:
    """By what numbers are for: how many, of how many it is assumed, how many have no complete
    source, and what they move.
    """
    every = numbers(pack)
    rows = []
    for role, (name, moves) in ROLES.items():
        if of_role := [number for number in every if number.role is role]:
            assumed = sum(
                number.source is not None and number.source.status == "assumption"
                for number in of_role
            )
            lacking = sum(not number.is_complete for number in of_role)
            counts = (TableCell(str(count), num=True) for count in (len(of_role), assumed, lacking))
            rows.append((TableCell(str(name)), *counts, TableCell(str(moves))))
    heads = (
        _("What they are for"),
        _("Numbers"),
        _("Assumed"),
        _("Without a complete source"),
        _("What they change"),
    )
    return table_of(_("How the numbers were read"), heads, tuple(rows), "")


def _numbers(pack: Pack, query: QueryDict) -> ListTable:
    every = numbers(pack)
    roles = [role for role in ROLES if role in {number.role for number in every}]
    chosen = next((role for role in roles if role.value == query.get("role")), roles[0])
    rows, pages = paged([number for number in every if number.role is chosen], query, 20)
    narrowings = tuple(
        NarrowingLink(
            str(ROLES[role][0]),
            with_query(query, role=role.value, page=None, number=None, against=None),
            role is chosen,
        )
        for role in roles
    )
    cells = tuple(
        (
            TableCell(
                called(pack, number),
                note=number.path if number.role is NumberRole.LIMIT else about(pack, number.path),
                url=number_url(pack.id, pack.version, number.role.value, number.path),
            ),
            TableCell(_value(number), num=number.role is not NumberRole.MEASURED),
            TableCell(_unit(number) or NONE),
            TableCell(_source(number)),
            TableCell(_status(number)),
        )
        for number in rows
    )
    heads = (_("Number"), _("Value"), _("Unit"), _("Source"), _("Status"))
    return table_of(str(ROLES[chosen][0]), heads, cells, "", narrowings, pages)


def number_section(
    pack: Pack, number: Number, history: Sequence[tuple[Pack, Number | None]]
) -> MethodSection:
    """One number, where it was read, and what every version says it is."""
    source = number.source
    facts = [
        Fact(_("Value"), f"{_value(number)} {_unit(number)}".strip()),
        Fact(_("Place in the pack"), number.path, mono=True),
        Fact(_("What it is for"), str(ROLES[number.role][0])),
        Fact(_("What it changes"), str(ROLES[number.role][1])),
        Fact(_("Source"), source.text if source else _("none is named")),
    ]
    if source is not None:
        named = (
            (_("Document"), " ".join((source.document, source.edition))),
            (_("Clause"), number.clause or source.clause),
            (_("Issuer"), source.issuer),
        )
        facts += [Fact(title, text) for title, text in named if text.strip()]
        if source.read_on is not None:
            reader = (
                _("maintainers of the packs") if source.read_by == MAINTAINERS else source.read_by
            )
            facts.append(Fact(_("Read"), f"{date_format(source.read_on, _('j F Y'))} · {reader}"))
        if source.read_in:
            facts.append(Fact(_("Read in"), source.read_in))
        if source.reread_by:
            facts.append(Fact(_("Read again"), source.reread_by))
    facts += [Fact(_("Status"), _status(number)), Fact(_("Since version"), _since(number, history))]
    rows = tuple(
        (
            TableCell(
                edition.version,
                url=reverse("web:method-version", args=[edition.id, edition.version]),
            ),
            TableCell(date_format(edition.effective_from, _("j F Y"))),
            TableCell(past.value if past else NONE, num=True),
        )
        for edition, past in history
    )
    table = table_of(
        _("What each version says"), (_("Version"), _("In force from"), _("Value")), rows, ""
    )
    title = " · ".join(filter(None, (about(pack, number.path), called(pack, number))))
    return MethodSection(title, table, facts=tuple(facts), id=NUMBER)


def called(pack: Pack, number: Number) -> str:
    """A limit by its name and level; any other number by its path."""
    level = re.fullmatch(r"steps\.([^.]+)\.([^.]+)\.\D+([123])", number.path)
    if number.role is NumberRole.LIMIT and level:
        for step in pack.steps:
            for limit in step.limits:
                if (step.id, limit.id) == level.groups()[:2]:
                    return _("%(limit)s, level %(n)s") % {
                        "limit": in_page_language(limit.words),
                        "n": level[3],
                    }
    return number.path


def about(pack: Pack, path: str) -> str:
    """What a number's path names, in the reader's words: its step, route or carrier; nothing where
    it names none.
    """
    first, _dot, rest = path.partition(".")
    name = rest.partition(".")[0]
    if first == "steps":
        return next((in_page_language(step.words) for step in pack.steps if step.id == name), "")
    if first == "routes":
        return next(
            (in_page_language(route.words) for route in pack.routes if route.id == name), ""
        )
    return in_page_language(CARRIERS[first].words) if first in CARRIERS else ""


def _value(number: Number) -> str:
    """As written; carriers by their names."""
    if number.role is not NumberRole.MEASURED:
        return number.value
    return enumerated(
        [in_page_language(CARRIERS[carrier].words) for carrier in number.value.split(", ")]
    )


def _unit(number: Number) -> str:
    """Nothing where the number is a share or a count of its own: 1 beside a value reads as a second
    value.
    """
    return "" if number.unit == "1" else unit_in_words(number.unit)


def _since(number: Number, history: Sequence[tuple[Pack, Number | None]]) -> str:
    """The first of the versions that say so without a break; `history` has the newest first."""
    since = ""
    here = False
    for pack, past in history:
        here = here or past is number
        if here and (past is None or past.value != number.value):
            break
        since = pack.version if here else since
    return since


def table_of(
    caption: str,
    heads: Sequence[str],
    rows: tuple[tuple[TableCell, ...], ...],
    empty: str,
    narrowings: tuple[NarrowingLink, ...] = (),
    pages: PageRange | None = None,
) -> ListTable:
    """A table in the order of its rows."""
    titles = {str(index): head for index, head in enumerate(heads)}
    return ListTable(
        caption, columns(titles, {}, QueryDict(), ""), None, rows, pages, narrowings, "", empty
    )


def _source(number: Number) -> str:
    return number.source.text if number.source else _("none is named")


def _status(number: Number) -> str:
    status = number.source.status if number.source else None
    return str(STATUSES[status]) if status else _("not stated")
