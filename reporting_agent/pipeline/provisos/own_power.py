"""Power that a site makes itself (waste heat, sun, wind) and takes off before its files: every
figure then agrees, purchases included.

No record shows it, so each site is asked once: told beside the label with what a percent is worth,
until a statement answers it, which only an audit tests.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.needs import WORTH_TELLING
from benchmarks.phrases import Phrase, significant
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.provisos.bought_ready import percent

MOST = 0.3
"""Of a works' power, what the waste heat of a kiln makes at most (30 to 40 kWh of some 90 a tonne;
a convention of ours): where so much of a step's power would not be worth telling, nothing is
asked."""


def sentences(label: StepLabel, site: SiteSettings, pack: Pack) -> Iterator[Words]:
    """What is not stated, with what each percent moves; or the label with all its power, as the
    site states.
    """
    name, value, measured = pack.own_power, label.best.value, label.made_from
    if name is None or value is None or measured is None or not label.output:
        return
    used = label.energy_by_carrier.get("electricity", 0.0) / label.output
    if used * MOST <= WORTH_TELLING * abs(value):
        return
    share = percent(measured, name, site.static)
    if share is None:
        sentence = Phrase(
            "Nothing states whether power that the site generates itself (waste heat, solar, "
            "wind) was subtracted before the "
            "readings were written to these files. Each percent of the step's power that was "
            "subtracted lowers the label by %(size)s "
            "%(unit)s. Under [static] in site.toml, state how many percent of the power used were "
            "subtracted (%(variable)s), 0 if "
            "none was.",
            variable=name,
            size=significant(0.01 * used, 3),
            unit=label.unit,
        )
    elif share > 0:
        sentence = Phrase(
            "The site states that %(share)s %% of the power that it uses is generated on the site "
            "and was subtracted before the "
            "readings were written to these files (%(variable)s). With it the label would be "
            "%(whole)s %(unit)s. Give the full power "
            "used in the files, and state 0.",
            share=significant(share, 3),
            variable=name,
            whole=significant(value + used * (1 / (1 - share / 100) - 1), 4),
            unit=label.unit,
        )
    else:
        return
    yield Words.of(sentence)
