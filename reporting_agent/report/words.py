"""The report's words in one language, from its TOML files: texts, the pack's rule, names of labels,
units, and findings' reasons.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from benchmarks import texts
from benchmarks.catalogue import in_language, unit_in_language
from benchmarks.phrases import Phrase
from reporting_agent.pipeline.batch_faults import FAULTS

if TYPE_CHECKING:
    from benchmarks.measurements import Metric
    from benchmarks.routes import Step

FILES = ("words.toml", "sections.toml", "verdicts.toml")


@lru_cache(maxsize=2)
def words(lang: str) -> dict[str, dict[str, str]]:
    """Every section of the files with the texts of that language."""
    return {
        section: {key: in_language(text, lang) for key, text in entries.items()}
        for section, entries in phrases().items()
    }


@lru_cache(maxsize=1)
def phrases() -> dict[str, dict[str, Phrase]]:
    """Every text, section by section; no section stands in two files. Faults of batches bring their
    own names.
    """
    sections: dict[str, dict[str, Phrase]] = {}
    for name in FILES:
        sections |= texts.read(files(__package__).joinpath(name))
    sections["reasons"] |= {fault.code: fault.name for fault in FAULTS}
    return sections


def rule(quantile: Fraction, lang: str) -> str:
    """The pack's rule for the label, in words."""
    return words(lang)["label"]["rule"].format(
        percent=f"{float(quantile * 100):g}", quantile=str(quantile)
    )


def label_name(step: Step, product: str, variant: str, metric: Metric, lang: str) -> str:
    """Step, product and variant in the pack's words, as far as they tell labels apart, and what is
    counted; a product as the log has it.
    """
    told_apart = next(
        (entry.words.said_in(lang) for entry in step.variants if entry.id == variant), variant
    )
    parts = (
        step.words.said_in(lang),
        product if product != step.product else "",
        told_apart if len(step.variants) > 1 else "",
        words(lang)["metric"].get(str(metric), str(metric)),
    )
    return " · ".join(part for part in parts if part)


def counted(unit: str, lang: str) -> str:
    """A unit as this language writes it: only counted goods and weight cases have a word in
    theirs.
    """
    return unit_in_language(unit, lang)


def reason(code: str, lang: str) -> str:
    """A finding's or exclusion's name; its code where no words are given."""
    return words(lang)["reasons"].get(code, code)
