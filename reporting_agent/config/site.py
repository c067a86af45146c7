"""site.toml read with a fleet's shared tables: who the site is, its meters, equipment and steps,
where its files lie; and the digest of how its rows are read.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import abc
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.phrases import Phrase, enumerated, in_number
from benchmarks.routes import OutputUnit
from reporting_agent.config.agreement import refuse_disagreement
from reporting_agent.config.events import DeclaredEvent, each_run, refuse_clashes
from reporting_agent.config.faults import SettingFault, UnknownValueError
from reporting_agent.config.materials import (
    BoughtIn,
    HeatingValue,
    HeatingValues,
    JointProduction,
    ProductStock,
    Variable,
    refuse_twice,
)
from reporting_agent.config.meters import Meter
from reporting_agent.config.profile import Mapping, Scale, Setting, zone_named
from reporting_agent.config.runs import Runs
from reporting_agent.config.site_boundary import BorderGoods, Emissions, SiteBoundary
from reporting_agent.config.tariff import Tariff
from reporting_agent.config.tree import MeterTree


class SiteIdentity(Setting):
    """[site]: the site as the portal knows it, and the method pack it is labelled by."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")
    timezone: str
    pack: str
    pack_version: str | None = None
    name: str = ""
    batch_ids: Literal["unique", "restart-yearly"] = (
        "unique"  # over all years, or only within the year of a batch's start
    )
    uncertainty_pct: float | None = Field(
        default=None, ge=0, lt=100
    )  # of a batch's energy; 1 where not given

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if zone_named(name) is None:
            names = (
                ", ".join(get_close_matches(name, sorted(available_timezones()))) or "Asia/Shanghai"
            )
            raise UnknownValueError(
                Phrase("a time zone of the IANA list, such as %(names)s", names=names)
            )
        return name


class Equipment(Setting):
    """[[equipment]]: a furnace, mill or machine, with the power it cannot exceed."""

    id: str
    step: str | None = None
    rated_power_kw: float | None = Field(default=None, gt=0)


Files = str | tuple[str, ...]
"""A file or a pattern of several; or a list of them."""


class InputFiles(Setting):
    """[inputs]: files, relative to site.toml; a pattern such as readings/*.parquet may name
    several, and so may a list. Readings alone tell what the meters do, and make no label.

    `source` names a source of a technology provider, which gives the inputs that no file is named
    for; `corrections` the rejected.csv of an earlier run in which a person mended rows.
    """

    batches: Files | None = None
    readings: Files | None = None
    energy: Files | None = None
    log: Files | None = None
    scales: str | None = None
    source: str | None = None
    corrections: str | None = None

    @model_validator(mode="after")
    def _one_way_of_energy(self) -> Self:
        if self.log is not None and (self.batches or self.readings or self.energy):
            raise ValueError(Phrase("log stands alone: it brings output and energy together"))
        if self.source is not None:
            return self  # what it gives is known once it is connected
        if self.log is None and self.batches is None and self.readings is None:
            raise ValueError(Phrase("batches, readings or a log must be given"))
        if self.batches is not None and self.readings is None and self.energy is None:
            raise ValueError(
                Phrase(
                    "batches need readings of meters, energy per batch, or both for different "
                    "carriers"
                )
            )
        return self


class StepSetting(Setting):
    """[steps.ID]: what the plant declares of a step.

    A carrier `not_used` counts as zero instead of missing. A medium `made_inside` (by an air
    station whose electricity counts in this step) is not counted again. `outside` names carriers
    that the step uses and its boundary does not hold, each with the reason; they may make up 0.5 %
    of a batch's energy at most (`benchmarks.labels.outside`).
    """

    not_used: tuple[str, ...] = ()
    made_inside: tuple[str, ...] = ()
    outside: dict[str, str] = Field(default_factory=dict)

    @property
    def unreported(self) -> frozenset[str]:
        """Carriers of the boundary of which no amount is looked for."""
        return frozenset((*self.not_used, *self.made_inside))

    @field_validator("outside")
    @classmethod
    def _known_with_reason(cls, outside: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(outside) - set(CARRIERS)):
            raise ValueError(
                Phrase(
                    "must name carriers (%(unknown)s is none): %(carriers)s",
                    unknown=repr(unknown[0]),
                    carriers=enumerated(CARRIERS),
                )
            )
        if silent := sorted(carrier for carrier, reason in outside.items() if not reason.strip()):
            raise ValueError(
                Phrase(
                    "must give the reason why %(carrier)s is outside the step's boundary",
                    carrier=silent[0],
                )
            )
        return outside

    @field_validator("made_inside")
    @classmethod
    def _media(cls, carriers: tuple[str, ...]) -> tuple[str, ...]:
        media = [carrier.id for carrier in CARRIERS.values() if carrier.form == "medium"]
        if set(carriers) - set(media):
            raise ValueError(Phrase("must be working media: %(media)s", media=enumerated(media)))
        return carriers


class OwnStep(Setting):
    """[own_steps.ID]: a step of a plant that is compared with itself (`pack = "own"`).

    `carriers` are told of every run, `optional` ones of some, `credited` ones are given back.
    `unit` is that of their energy where they are no electricity.
    """

    name: str = ""
    output_unit: OutputUnit = "t"
    carriers: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    credited: tuple[str, ...] = ()
    unit: Literal["kWh", "MJ", "kgce"] = "kgce"
    longest_gap_s: int = Field(default=3600, gt=0)  # without a reading


class SiteSettings(Setting):
    """A whole site.toml, with the folder its paths start from."""

    site: SiteIdentity
    meters: tuple[Meter, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    scales: tuple[Scale, ...] = ()
    inputs: InputFiles
    source: dict[str, Any] = Field(
        default_factory=dict
    )  # [source]: the options of the source that [inputs] names
    mapping: Mapping = Mapping()
    own_steps: dict[str, OwnStep] = Field(default_factory=dict)
    runs: Runs = Runs()
    steps: dict[str, StepSetting] = Field(default_factory=dict)
    static: dict[str, float | str] = Field(
        default_factory=dict
    )  # static factors (ISO 50006) by the pack's names, such as altitude_m
    tariff: Tariff | None = None
    border: tuple[BorderGoods, ...] = ()
    emissions: Emissions = Emissions()
    lhv: tuple[HeatingValue, ...] = ()
    site_boundary: SiteBoundary | None = None
    joint: tuple[JointProduction, ...] = ()
    bought_in: tuple[BoughtIn, ...] = ()
    product_stocks: tuple[ProductStock, ...] = ()
    variables: dict[str, Variable] = Field(
        default_factory=dict
    )  # by the name under `var.` or `input.`
    events: tuple[DeclaredEvent, ...] = ()
    path: Path = Path("site.toml")

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        meter_ids = [meter.id for meter in self.meters]
        if twice := sorted({name for name in meter_ids if meter_ids.count(name) > 1}):
            raise ValueError(
                Phrase(
                    "must give every meter an id of its own; %(meter)s stands twice",
                    meter=repr(twice[0]),
                )
            )
        machines = [machine.id for machine in self.equipment]
        if twice := sorted({name for name in machines if machines.count(name) > 1}):
            raise ValueError(
                Phrase(
                    "equipment: every furnace, mill or machine stands once; %(equipment)s stands "
                    "twice",
                    equipment=repr(twice[0]),
                )
            )
        names = [*meter_ids, *(scale.id for scale in self.scales)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                Phrase(
                    "scales: every scale needs an id of its own, which no meter has; %(id)s "
                    "stands twice",
                    id=repr(twice[0]),
                )
            )
        if (self.inputs.scales is None) != (not self.scales):
            raise ValueError(
                Phrase(
                    "scales: [inputs] names the file of their records, and [[scales]] says what "
                    "each one weighs; give both"
                )
            )
        if self.inputs.readings is not None and not self.meters:
            raise ValueError(
                Phrase("meters: readings are given, but no [[meters]] says what they measure")
            )
        if self.site.batch_ids == "restart-yearly" and (
            self.mapping.batches.rows or self.mapping.energy.rows
        ):
            raise ValueError(
                Phrase(
                    "mapping: several rows a batch (rows) are put together by batch id, and "
                    "restart-yearly says that ids come again"
                )
            )
        refuse_twice(self.lhv)
        refuse_clashes(self.events, self.zone)
        return self

    @field_validator("events", mode="before")
    @classmethod
    def _each_run(cls, events: object) -> object:
        return each_run(events)

    @cached_property
    def tree(self) -> MeterTree:
        """The checked tree of meters; raises as `load_site` does."""
        return refuse_disagreement(self)

    @property
    def heating_values(self) -> HeatingValues:
        return HeatingValues(self.lhv)

    @property
    def id(self) -> str:
        return self.site.id

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.site.timezone)

    @property
    def pack(self) -> str:
        return self.site.pack

    @property
    def pack_version(self) -> str | None:
        return self.site.pack_version

    @property
    def folder(self) -> Path:
        return self.path.parent


def load_site(path: str | Path, inherit: abc.Mapping[str, Any] | None = None) -> SiteSettings:
    """Read site.toml, with the tables of a fleet that it lacks; InputError names the key that is
    wrong, what was found there and what is wanted."""
    path = Path(path)
    place = Place(str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as gone:
        raise InputError(
            "site-unreadable",
            "The site file cannot be read.",
            "Give the path of your site.toml with --site; `steplabel-agent label FILE` writes a "
            "first one, into the folder that --out names.",
            place=place,
            found=str(gone.strerror or gone),
            wanted=Phrase("a site.toml"),
        ) from gone
    except UnicodeDecodeError as wrong:
        raise InputError(
            "site-unreadable",
            "The site file is not UTF-8.",
            "Save it as UTF-8.",
            place=place,
            found=str(wrong),
            wanted=Phrase("UTF-8 text"),
        ) from wrong
    try:
        raw = read_toml(text)
    except tomllib.TOMLDecodeError as wrong:
        raise InputError(
            "site-not-toml",
            "The site file is not valid TOML.",
            "Correct the line.",
            place=place,
            found=fault_of(wrong),
            wanted="TOML 1.0",
        ) from wrong
    _know_carriers_of_own_pack(raw, path.parent)
    try:
        site = SiteSettings.model_validate({**(inherit or {}), **raw, "path": path})
    except ValidationError as wrong:
        raise _first_fault(SettingFault(wrong, {**(inherit or {}), **raw}), path) from wrong
    refuse_disagreement(site)
    return site


def _know_carriers_of_own_pack(raw: dict[str, Any], folder: Path) -> None:
    """Read a pack that is named by path first: what it brings of carriers may stand in the tables
    of the site. A pack that is not there or holds a fault is told where packs are read."""
    site = raw.get("site")
    named = site.get("pack") if isinstance(site, dict) else None
    if isinstance(named, str) and named.endswith(".toml"):
        with suppress(InputError):
            packs.load(named, base=folder)


def _first_fault(fault: SettingFault, path: Path) -> InputError:
    if fault.of_value:
        alone = Phrase("This value in the site file is not known.")
        with_more = in_number(
            fault.more,
            "This value in the site file is not known (%(more)s more fault after this one).",
            "This value in the site file is not known (%(more)s more faults after this one).",
            more=fault.more,
        )
    else:
        alone = Phrase("The site file contradicts itself.")
        with_more = Phrase(
            "The site file contradicts itself (%(more)s more after this one).", more=fault.more
        )
    return InputError(
        "site-invalid",
        with_more if fault.more else alone,
        "Correct the key named; docs/agent.md describes every key.",
        place=fault.place(str(path)),
        found=fault.found,
        wanted=fault.wanted("docs/agent.md"),
    )


_LABEL = b"steplabel/1 settings\x00"
NO_PART = {"path", "inputs", "source", "tariff", "border", "emissions", "product_stocks"}


def settings_digest(site: SiteSettings) -> bytes:
    """SHA-256 of site.toml as it was read.

    Where files lie is no part of it, nor access data of a source, nor prices, CO2 factors, goods at
    the border and stocks of products: none of them decides what a row means. Comments, the order of
    keys and defaults that are written out change nothing.
    """
    settings = site.model_dump(mode="json", exclude=NO_PART)
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(_LABEL + canonical.encode()).digest()
