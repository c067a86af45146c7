"""The footprint of one product: the CO2 of its steps' energy, what the firm declares beyond them,
and the assured share of their sum."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, in_number
from extras.exports.assured import Statement
from extras.exports.carbon import StepCarbon
from extras.exports.footprint_settings import FootprintSettings, UsedStep, invalid

PER_KG = {"t": 1000.0}
"""Output units of which a tonne is so many kilograms; goods that are counted have no footprint per
kilogram here.
"""


@dataclass(frozen=True, slots=True)
class StepFootprint:
    """One step in the product: kg CO2 per kg of product, and the factors by which."""

    step: StepCarbon
    kg_per_kg: float
    assured: bool

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.source for use in self.step.uses if use.source))


@dataclass(frozen=True, slots=True)
class Footprint:
    """All of it, in kg CO2e per kg of product."""

    settings: FootprintSettings
    site: str
    period: Period
    made_at: datetime
    parts: tuple[StepFootprint, ...]
    statements: tuple[Statement, ...]

    @property
    def of_steps(self) -> float:
        return sum(part.kg_per_kg for part in self.parts)

    @property
    def total(self) -> float:
        return self.of_steps + sum(emission.kg_co2e_per_kg for emission in self.settings.outside)

    @property
    def assured_share(self) -> float:
        """0 to 1, of the sum of magnitudes: a credit among the declared parts never makes the share
        larger.
        """
        whole = self.of_steps + sum(
            abs(emission.kg_co2e_per_kg) for emission in self.settings.outside
        )
        return (
            sum(part.kg_per_kg for part in self.parts if part.assured) / whole if whole > 0 else 0.0
        )

    @property
    def id(self) -> str:
        """In the form of a random UUID; the same for the same product, period, figures and
        statements: what changes is a new footprint.
        """
        figures = [f"{part.step.label.step}={part.kg_per_kg:.12g}" for part in self.parts]
        inputs = [
            self.site,
            self.period.name,
            self.settings.model_dump_json(),
            *figures,
            *(statement.attestation.digest for statement in self.statements),
        ]
        return str(
            uuid.UUID(bytes=hashlib.sha256("\n".join(inputs).encode()).digest()[:16], version=4)
        )

    @property
    def boundary_words(self) -> str:
        """What is in it and whose word each part is."""
        steps = "; ".join(
            f"{part.step.words.en}: {part.kg_per_kg:.6g} kg CO2/kg, energy taken in by the "
            "batches of its label, measured"
            for part in self.parts
        )
        declared = "; ".join(
            f"{emission.words}: {emission.kg_co2e_per_kg:.6g} kg CO2e/kg, {emission.source}"
            for emission in self.settings.outside
        )
        return f"Steps: {steps}. Declared by the firm: {declared}."


def footprint(
    settings: FootprintSettings,
    site: str,
    period: Period,
    made_at: datetime,
    steps: Sequence[StepCarbon],
    statements: Sequence[Statement],
) -> Footprint:
    """Put it together.

    Raises:
        InputError: `footprint-step-unknown`, `footprint-settings-invalid` where a label stands
            twice, `footprint-without-co2`.
    """
    audited = frozenset(step for statement in statements for step in statement.steps)
    parts: list[StepFootprint] = []
    for used in settings.steps:
        step = _chosen(used, steps)
        if any(
            step is part.step for part in parts
        ):  # by whatever part of its name: it would count twice
            twice = Phrase("the step %(step)s stands twice", step=repr(used.step))
            wanted = Phrase("each label once, with the sum as per_product")
            raise invalid(Place("footprint.toml", column="steps"), twice, wanted)
        per_output = step.co2_per_output
        if per_output is None:
            raise InputError(
                "footprint-without-co2",
                Phrase(
                    "The CO2 of step %(step)s cannot be calculated, so neither can the product's.",
                    step=used.step,
                ),
                "Name the country or your supply's factor under [emissions] in site.toml, or give "
                "the heating values that are missing."
                if step.lacking
                else "Leave the step out of [[steps]]: energy that a step gives back is not "
                "credited.",
                found=Phrase("no CO2 factor of %(carriers)s", carriers=step.lacking_words)
                if step.lacking
                else Phrase("no energy taken in"),
            )
        parts.append(
            StepFootprint(
                step, per_output * used.per_product / PER_KG[step.output_unit], used.step in audited
            )
        )
    return Footprint(settings, site, period, made_at, tuple(parts), tuple(statements))


def _chosen(used: UsedStep, steps: Sequence[StepCarbon]) -> StepCarbon:
    own = [
        step
        for step in steps
        if step.label.step == used.step
        and used.product in (None, step.label.product)
        and used.variant in (None, step.label.variant)
        and step.output_unit in PER_KG
    ]
    if len(own) == 1:
        return own[0]
    raise InputError(
        "footprint-step-unknown",
        Phrase("No single label of total energy per tonne fits step %(step)s.", step=used.step),
        "Name a step of label.json, with its product and variant if there are several.",
        found=in_number(len(own), "%(count)s label", "%(count)s labels", count=len(own)),
        wanted=", ".join(
            dict.fromkeys(
                f"{step.label.step} ({step.label.product} {step.label.variant})".strip()
                for step in steps
            )
        ),
    )
