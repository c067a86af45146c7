"""How the firms behind the best are composed, on the pages of a published version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from extras.best_groups.dividing import firms_needed
from extras.best_groups.models import BestGroup
from extras.best_groups.publishing import ELSEWHERE, UNKNOWN, best_group_of
from portal.publication.shapes import BenchmarkView
from portal.web.areas import Section, StoredSection
from portal.web.presenters.methods import table_of
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import Link
from portal.web.words.figures import per_cent
from portal.web.words.terms import (
    SIZE_CLASSES,
    Names,
    enumerated,
    in_language,
    metric_name,
    with_variant,
)

TRAITS = {
    "region": gettext_lazy("Region"),
    "scale": gettext_lazy("Size class"),
    "age": gettext_lazy("Start of operation"),
}
CLASSES = {
    **SIZE_CLASSES,
    "before-2000": gettext_lazy("before 2000"),
    "2000-to-2009": gettext_lazy("2000 to 2009"),
    "2010-to-2019": gettext_lazy("2010 to 2019"),
    "since-2020": gettext_lazy("since 2020"),
    UNKNOWN: gettext_lazy("not stated"),
    ELSEWHERE: gettext_lazy("no part of the country stated"),
}
Regions = Mapping[str, Mapping[str, str]]


def of_version(publication: int) -> Iterator[StoredSection]:
    """What stands on the page of a version: the shares where they were published, or why not."""
    best_group = best_group_of(publication)
    yield StoredSection(
        best_group.digest if best_group else "", partial(section_of, best_group=best_group)
    )


def link_of_review(publication: int, erratum: bool) -> Iterator[Link]:
    """For officers; none of an erratum, of which nobody knows who the best are."""
    if not erratum:
        title = _("How the best firms are composed")
        yield Link(title, reverse("web:best-group", args=[publication]))


def section_of(view: BenchmarkView, best_group: BestGroup | None) -> Section | None:
    """None where no best value is shown, so that nothing could be told of it."""
    title, names = _("Who the best firms are"), Names.of(view.pack, view.pack_version)
    firms, pack = [cell.firms for cell in view.label.cells if cell.shown], names.pack
    if not firms or pack is None:
        return None
    if best_group is not None:
        return _published(title, best_group, names)
    fewest = pack.disclosure.fewest_firms
    needed = firms_needed(pack.composition, fewest)
    if needed is not None and max(firms) >= needed:
        return Section(
            title,
            _(
                "The region, size and age of the best firms have not been published for this "
                "version."
            ),
        )
    return Section(
        title,
        _(
            "The region, size and age of the best firms are not shown. Each class must "
            "contain at least %(fewest)s of the best "
            "firms, so that no single firm can be worked out. That takes %(needed)s firms at "
            "a step; here there are at most "
            "%(most)s."
        )
        % {"fewest": fewest, "needed": needed or "–", "most": max(firms)},
    )


def _published(title: str, best_group: BestGroup, names: Names) -> Section:
    document = best_group.document
    rows = tuple(
        row for step in document["steps"] for row in _rows(step, names, document["regions"])
    )
    heads = (_("Step"), _("Trait"), _("Class"), _("Of the best firms"))
    return Section(
        title,
        _(
            "The best firms are those whose values the industry best is the mean of. All firms of "
            "a step run the same process. Classes "
            "that are not in the table are withheld: each class shown contains at least as many "
            "firms as a published value needs."
        ),
        table_of(_("The best firms by trait"), heads, rows, ""),
        _(
            "By what firms stated in the register. Signed; entry %(index)s of the log; SHA-256 of "
            "the signed document: %(digest)s."
        )
        % {"index": f"{best_group.log_index:,}", "digest": best_group.digest},
    )


def _rows(
    step: Mapping[str, Any], names: Names, regions: Regions
) -> Iterator[tuple[TableCell, ...]]:
    name = with_variant(
        names.step_name(step["step"]), names.variant_name(step["step"], step["variant"])
    )
    for trait, shares in step["traits"].items():
        for share in shares:
            of = {
                "firms": share["firms"],
                "best": step["best_firms"],
                "share": per_cent(share["firms"] / step["best_firms"]),
            }
            yield (
                TableCell(name, note=metric_name(step["metric"])),
                TableCell(str(TRAITS[trait])),
                TableCell(classes_in_words(share["classes"], regions)),
                TableCell(_("%(firms)s of %(best)s (%(share)s)") % of),
            )


def classes_in_words(classes: Sequence[str], regions: Regions) -> str:
    return enumerated(_class(code, regions) for code in classes)


def _class(code: str, regions: Regions) -> str:
    return (
        in_language(regions[code]["en"], regions[code]["zh"])
        if code in regions
        else str(CLASSES.get(code, code))
    )
