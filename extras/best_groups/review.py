"""What may be told of the firms behind the best of a version, for the two officers who publish
it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from benchmarks.label_keys import CellKey
from extras.best_groups import publishing
from extras.best_groups.dividing import BestFirms, ClassShare
from extras.best_groups.models import BestGroup
from extras.best_groups.section import TRAITS, Regions, classes_in_words
from portal.accounts.selectors import every_jurisdiction
from portal.names import in_chinese
from portal.publication.models import Publication
from portal.web.presenters.methods import table_of
from portal.web.presenters.regulator import draft_url
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import Fact, FormSheet, MethodSection, MethodSheet
from portal.web.viewmodels.shared import Crumb, StateWord
from portal.web.words.terms import (
    Names,
    enumerated,
    in_page_language,
    metric_name,
    moment_in_words,
    one_after_another,
    period_name,
    with_variant,
)


def review_page(
    row: Publication,
    composed: Sequence[BestFirms],
    proposal: BestGroup | None,
    *,
    reads: int,
    problem: str = "",
) -> FormSheet:
    """For an officer: what the gate lets be told, step by step, and what is to be done."""
    group = row.period.peer_group
    names = Names.of(group.pack, group.pack_version)
    outdated = proposal is not None and publishing.is_outdated(proposal, composed)
    count = sum(bool(composition.shares) for composition in composed)
    lead = _(
        "The disclosure gate allows the best firms of %(told)s of %(of)s values to be shown by "
        "class."
    ) % {
        "told": count,
        "of": len(composed),
    }
    regions = (
        {
            region.path: {"en": region.name, "zh": in_chinese(region.name) or region.name}
            for region in every_jurisdiction()
        }
        if count
        else {}
    )
    rows = tuple(_review_row(composition, names, regions) for composition in composed)
    heads = (_("Step"), _("Firms"), _("Best firms"), _("What may be shown"))
    facts = [Fact(_("Version"), str(row.version)), Fact(_("Period"), period_name(row.period.name))]
    state = None
    if proposal is not None:
        facts.append(
            Fact(
                _("Proposed by"), f"{proposal.proposed_by}, {moment_in_words(proposal.proposed_at)}"
            )
        )
        state = StateWord(_("Proposed, waits for a second officer"), "wait")
    if proposal is not None and proposal.published_at is not None:
        facts.append(
            Fact(
                _("Published by"),
                f"{proposal.published_by}, {moment_in_words(proposal.published_at)}",
            )
        )
        facts.append(Fact(_("Log index"), f"{proposal.log_index:,}"))
        state = StateWord(_("Published"), "ok")
    if outdated:
        state = StateWord(_("Proposed, but outdated"), "no")
    act, act_text = "", ""
    if proposal is None or outdated:
        act, act_text = (
            "propose",
            _("Propose it again") if outdated else _("Propose it for publication"),
        )
    elif proposal.proposed_by_id != reads:
        act, act_text = "publish", _("Publish it")
    may = count > 0 and (proposal is None or proposal.published_at is None)
    crumb = Crumb(
        _("Version %(n)s") % {"n": row.version},
        draft_url(row.period.peer_group_id, row.period.name, row.version),
    )
    return FormSheet(
        MethodSheet(
            _("How the best firms are composed"),
            (crumb,),
            lead,
            tuple(facts),
            (MethodSection("", table_of(_("Values"), heads, rows, "")),),
        ),
        problem,
        publishing.as_read(proposal),
        state=state,
        act_url=reverse("web:best-group", args=[row.pk]) if may and act else "",
        act=act,
        act_text=act_text,
        why_not=_why_not(outdated=outdated, waits=may and not act),
    )


def _why_not(*, outdated: bool, waits: bool) -> str:
    if outdated:
        return _(
            "Since it was proposed, the register or other published tables have changed, so the "
            "gate would let other shares out now."
        )
    return _("You proposed it. A second officer has to publish it.") if waits else ""


def _review_row(composition: BestFirms, names: Names, regions: Regions) -> tuple[TableCell, ...]:
    cell = CellKey.read(composition.cell)
    name = with_variant(names.step_name(cell.step), names.variant_name(cell.step, cell.variant))
    sentence = one_after_another(
        _("%(trait)s: %(shares)s")
        % {"trait": TRAITS[trait], "shares": enumerated(_share(share, regions) for share in shares)}
        for trait, shares in composition.shares.items()
    )
    why = in_page_language(composition.words) if composition.words else ""
    return (
        TableCell(name, note=metric_name(cell.metric)),
        TableCell(str(composition.firms)),
        TableCell(str(composition.best)),
        TableCell(sentence or why),
    )


def _share(share: ClassShare, regions: Regions) -> str:
    return _("%(classes)s (%(firms)s firms)") % {
        "classes": classes_in_words(share.classes, regions),
        "firms": share.firms,
    }
