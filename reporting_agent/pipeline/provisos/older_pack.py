"""That a label is made by an older version of its pack, and what the newest that comes with
Steplabel tests besides: told beside it.

A version once published stays as it is, so a site that names an older one reads none of what was
found since.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import packs
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.phrases import Phrase, enumerated
from benchmarks.routes import Pack


def sentences(label: StepLabel, pack: Pack) -> Iterator[Words]:
    """One sentence, where the pack is older than the newest of its name."""
    newest = packs.newer(pack)
    if newest is None or label.best.value is None:
        return
    before = _tests(label.step, pack)
    if more := [test for test in _tests(label.step, newest) if test not in before]:
        sentence = Phrase(
            "This label was made with version %(version)s of the pack %(pack)s. Version "
            "%(newest)s, the newest in this agent, also tests"
            " %(tests)s. It would state its findings beside the label, or make no label. Write "
            "pack_version = %(quoted)s in site.toml,"
            " unless your group reports with version %(version)s.",
            version=pack.version,
            pack=pack.id,
            newest=newest.version,
            quoted=f'"{newest.version}"',
            tests=enumerated(more),
        )
    else:
        sentence = Phrase(
            "This label was made with version %(version)s of the pack %(pack)s; the newest in "
            "this agent is version %(newest)s. "
            "Write pack_version = %(quoted)s in site.toml, unless your group reports with version "
            "%(version)s.",
            version=pack.version,
            pack=pack.id,
            newest=newest.version,
            quoted=f'"{newest.version}"',
        )
    yield Words.of(sentence)


def _tests(step: str, pack: Pack) -> list[Phrase]:
    """What the pack holds labels of the step against, in words."""
    phrases = [Phrase("power subtracted before the files")] if pack.own_power else []
    if any(not usual.steps or step in usual.steps for usual in pack.heating_values):
        phrases.append(Phrase("heating values"))
    own = next((candidate for candidate in pack.steps if candidate.id == step), None)
    if own is None:
        return phrases
    tests = {
        Phrase("the least energy needed to run"): own.boundary.needs,
        Phrase("the most heat that can be given back"): own.boundary.yields,
        Phrase("energy booked at another step"): own.takes,
        Phrase("output against its input materials"): own.feeds,
        Phrase("product bought finished or half finished"): own.bought_share,
        Phrase("heat of charged materials"): own.holds_heat,
        Phrase("shares against the charges in the log"): own.shares,
        Phrase("values of variables outside the usual range"): [
            condition for condition in own.reference_conditions if condition.usual or condition.test
        ],
    }
    return [*phrases, *(test for test, rules in tests.items() if rules)]
