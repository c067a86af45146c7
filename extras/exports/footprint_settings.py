"""footprint.toml: what a product footprint says that no meter knows, declared and answered for by
the firm.

The steps' own energy is part of a footprint, never all of it: PACT and Catena-X ask for cradle to
gate. So the firm declares what lies outside the steps, each with its source, and that nothing else
is left out; without that no footprint is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.config import faults
from reporting_agent.config.profile import Setting

Urn = Annotated[str, Field(pattern=r"^[uU][rR][nN]:.+")]
Kind = Literal["materials", "process", "other-gases", "transport", "packaging", "waste"]
MUST_BE_NAMED: tuple[Kind, ...] = ("materials", "process", "other-gases")
"""What a step's energy never holds: carbon of what was bought, of the process itself, and CH4 and
N2O. Nought is declared, too.
"""


class OutsideEmissions(Setting):
    """[[outside]]: emissions of cradle to gate beyond the steps' energy, kg CO2e per kg of
    product.
    """

    kind: Kind
    words: str = Field(min_length=3)
    kg_co2e_per_kg: float
    primary: bool = False  # from the firm's own or a supplier's own data
    source: str = Field(min_length=3)


class UsedStep(Setting):
    """[[steps]]: how many units of the step's output go into one unit of product; of which product
    or variant where there are several.
    """

    step: str
    product: str | None = None
    variant: str | None = None
    per_product: float = Field(gt=0)


class Company(Setting):
    name: str = Field(min_length=1)
    ids: tuple[Urn, ...] = Field(min_length=1)


class Product(Setting):
    name: str = Field(min_length=1)
    description: str = Field(min_length=1)
    ids: tuple[Urn, ...] = Field(min_length=1)
    classifications: tuple[Urn, ...] = ()
    cpc: str = Field(min_length=1)  # UN Central Product Classification; Catena-X asks for it
    country: str = Field(pattern=r"^[A-Z]{2}$")
    region: str = Field(min_length=1)  # of the list that both forms share, such as Eastern Asia
    fossil_carbon_kg_per_kg: float = Field(ge=0)
    biogenic_carbon_kg_per_kg: float = Field(default=0.0, ge=0)


class Accounting(Setting):
    """[accounting]: `complete` is the firm's statement that with [[outside]] nothing of cradle to
    gate is left out but the exempted part; `standards` and `standards_catena_x` are those that it
    followed, in the words of either form."""

    complete: bool = False
    standards: tuple[str, ...] = Field(min_length=1)
    standards_catena_x: tuple[str, ...] = Field(min_length=1)
    exempted_pct: float = Field(ge=0, le=5)
    exempted_words: str = ""
    characterisation: Literal["AR5", "AR6"] = "AR6"
    rules: tuple[str, ...] = Field(
        min_length=1
    )  # product category or sector rules that were followed
    waste_incineration: Literal["cut-off", "reverse cut-off", "system expansion"] = "cut-off"
    packaging_included: bool = False


class FootprintSettings(Setting):
    company: Company
    product: Product
    accounting: Accounting
    steps: tuple[UsedStep, ...] = Field(min_length=1)
    outside: tuple[OutsideEmissions, ...] = ()

    def refuse_partial(self, path: Path) -> None:
        """InputError `footprint-partial` where the form would claim more than is known."""
        named = {emission.kind for emission in self.outside}
        unnamed = [kind for kind in MUST_BE_NAMED if kind not in named]
        if self.accounting.complete and not unnamed:
            return
        raise InputError(
            "footprint-partial",
            "The energy of the steps is a part of a product footprint, and the form asks for all "
            "of it, from cradle to gate.",
            Phrase(
                "Declare under [[outside]] in %(file)s what the steps' energy does not include, "
                "each with its source. Once nothing "
                "is left out, set complete = true under [accounting]. Or pass on the steps alone "
                "with `steplabel-agent export aas`.",
                file=path.name,
            ),
            place=Place(str(path)),
            found="complete = false"
            if not unnamed
            else Phrase("no [[outside]] of kind %(kinds)s", kinds=enumerated(unnamed)),
            wanted=", ".join(MUST_BE_NAMED) + ", complete = true",
        )


def load_settings(path: Path) -> FootprintSettings:
    """Read footprint.toml.

    Raises:
        InputError: `footprint-settings-invalid`, `footprint-partial`.
    """
    settings = faults.read(FootprintSettings, path, invalid)
    settings.refuse_partial(path)
    return settings


def invalid(place: Place, found: str, wanted: str) -> InputError:
    """InputError `footprint-settings-invalid` of a place in the file."""
    return InputError(
        "footprint-settings-invalid",
        "The declarations for the footprint cannot be used.",
        "Correct the place named; docs/exports.md describes every key.",
        place=place,
        found=found,
        wanted=wanted,
    )
