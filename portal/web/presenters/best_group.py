"""How the firms behind the best are composed, beside a published label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benchmarks.disclosure.best_group import firms_needed
from benchmarks.routes import Pack
from portal.publication.best_groups import ELSEWHERE, UNKNOWN
from portal.publication.models import BestGroup
from portal.publication.shapes import BenchmarkView
from portal.web.lists.tables import columns
from portal.web.viewmodels.listed import ListTable, TableCell
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


@dataclass(frozen=True, slots=True)
class BestGroupPart:
    """What stands beside a published label: a sentence, and the shares where they were
    published.
    """

    sentence: str
    table: ListTable | None = None
    source: str = ""


def best_group_part(
    view: BenchmarkView, pack: Pack | None, best_group: BestGroup | None
) -> BestGroupPart | None:
    """None where no best value is shown, so that nothing could be told of it."""
    firms = [cell.firms for cell in view.label.cells if cell.shown]
    if not firms or pack is None:
        return None
    if best_group is not None:
        return _published(best_group, Names.of(view.pack, view.pack_version))
    needed, fewest = (
        firms_needed(pack.composition, pack.disclosure.fewest_firms),
        pack.disclosure.fewest_firms,
    )
    if needed is None or max(firms) < needed:
        facts = {"fewest": fewest, "needed": needed or "–", "most": max(firms)}
        return BestGroupPart(
            _(
                "The region, size and age of the best firms are not shown. Each class must "
                "contain at least %(fewest)s of the best "
                "firms, so that no single firm can be worked out. That takes %(needed)s firms at "
                "a step; here there are at most "
                "%(most)s."
            )
            % facts
        )
    return BestGroupPart(
        _("The region, size and age of the best firms have not been published for this version.")
    )


def _published(best_group: BestGroup, names: Names) -> BestGroupPart:
    document = best_group.document
    rows = tuple(
        row for step in document["steps"] for row in _rows(step, names, document["regions"])
    )
    heads = (_("Step"), _("Trait"), _("Class"), _("Of the best firms"))
    sentence = _(
        "The best firms are those whose values the industry best is the mean of. All firms of a "
        "step run the same process. Classes "
        "that are not in the table are withheld: each class shown contains at least as many firms "
        "as a published value needs."
    )
    facts = {"index": f"{best_group.log_index:,}", "digest": best_group.digest}
    source = (
        _(
            "By what firms stated in the register. Signed; entry %(index)s of the log; SHA-256 of "
            "the signed document: %(digest)s."
        )
        % facts
    )
    titles = columns({str(index): head for index, head in enumerate(heads)}, {}, QueryDict(), "")
    return BestGroupPart(
        sentence,
        ListTable(_("The best firms by trait"), titles, None, rows, None, (), "", ""),
        source,
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
