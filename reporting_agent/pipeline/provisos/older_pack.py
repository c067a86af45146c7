"""That a label is made by an older version of its pack, and what the newest that comes with Steplabel tests besides: told beside it.

A version once published stays as it is, so a site that names an older one reads none of what was found since.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import packs
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import Pack


def told(label: StepLabel, pack: Pack) -> Iterator[Words]:
    """One sentence, where the pack is older than the newest of its name."""
    newest = packs.newer(pack)
    if newest is None or label.best.value is None:
        return
    before = _tests(label.step, pack)
    if more := [said for said in _tests(label.step, newest) if said not in before]:
        said = Phrase(
            "This label was made with version %(version)s of the pack %(pack)s. Version %(newest)s, the newest in this agent, also tests"
            " %(tests)s. It would state its findings beside the label, or make no label. Write pack_version = %(quoted)s in site.toml,"
            " unless your group reports with version %(version)s.",
            version=pack.version,
            pack=pack.id,
            newest=newest.version,
            quoted=f'"{newest.version}"',
            tests=enumerated(more),
        )
    else:
        said = Phrase(
            "This label was made with version %(version)s of the pack %(pack)s; the newest in this agent is version %(newest)s. "
            "Write pack_version = %(quoted)s in site.toml, unless your group reports with version %(version)s.",
            version=pack.version,
            pack=pack.id,
            newest=newest.version,
            quoted=f'"{newest.version}"',
        )
    yield Words.of(said)


def _tests(step: str, pack: Pack) -> list[Phrase]:
    """What the pack holds labels of the step against, in words."""
    found = [Phrase("power subtracted before the files")] if pack.own_power else []
    if any(not one.steps or step in one.steps for one in pack.heating_values):
        found.append(Phrase("heating values"))
    own = next((one for one in pack.steps if one.id == step), None)
    if own is None:
        return found
    tests = {
        Phrase("the least energy needed to run"): own.boundary.needs,
        Phrase("the most heat that can be given back"): own.boundary.yields,
        Phrase("energy booked at another step"): own.takes,
        Phrase("output against its input materials"): own.feeds,
        Phrase("product bought finished or half finished"): own.bought_share,
        Phrase("heat of charged materials"): own.holds_heat,
        Phrase("shares against the charges in the log"): own.shares,
        Phrase("values of variables outside the usual range"): [one for one in own.reference_conditions if one.usual or one.test],
    }
    return [*found, *(said for said, held in tests.items() if held)]
