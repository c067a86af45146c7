"""actions.toml: what the plant decided to do to save energy, who does it, how far it is; and the
targets it is held to.

The file lies beside site.toml and belongs to people: Steplabel reads it and never writes it.
"""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator

from benchmarks.errors import InputError, Place
from benchmarks.measurements import Direction, Period
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.config import Meter, SiteSettings, faults
from reporting_agent.config.profile import Setting
from reporting_agent.pipeline import pack_of

State = Literal["proposed", "agreed", "under-way", "done", "given-up"]


class ComparedPeriods(Setting):
    """What is compared: the energy of one meter, or of one step's batches, and over which two
    periods.

    `baseline` and `reporting` are written as `--period` is (`2016`, `2016-05`,
    `2016-01-01/2016-07-01`, the last day not included). `no_season` gives the reason why the energy
    does not depend on the time of the year, where the baseline is shorter than a year; `no_output`
    why it depends on nothing that is made, where a meter feeds no line.
    """

    id: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")
    meter: str | None = None
    step: str | None = None
    baseline: str | None = None
    reporting: str | None = None
    no_season: str | None = Field(default=None, min_length=3)
    no_output: str | None = Field(default=None, min_length=3)

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if (self.meter is None) is (self.step is None):
            raise ValueError(
                Phrase("give meter or step, and one of them only: whose energy is compared")
            )
        return self


class SavingAction(ComparedPeriods):
    """[[actions]]: one measure. `day` is when it took effect (done) or is to (before that);
    `expected_pct` what it was hoped to save; `practice` the id of the practice in the library that
    it follows."""

    what: str = Field(min_length=1, max_length=200)
    owner: str = Field(min_length=1, max_length=100)
    state: State
    day: date
    expected_pct: float | None = Field(default=None, gt=0, lt=100)
    practice: str | None = Field(default=None, min_length=1, max_length=60)

    @property
    def name(self) -> str:
        return self.what

    @property
    def wanted_pct(self) -> float | None:
        """The share of the expected energy that was to be saved, %."""
        return self.expected_pct

    @model_validator(mode="after")
    def _both_or_the_day(self) -> Self:
        if (self.baseline is None) is not (self.reporting is None):
            raise ValueError(
                Phrase(
                    "give baseline and reporting both, or neither: then they are the year before "
                    "the day and all since"
                )
            )
        return self


class Target(ComparedPeriods):
    """[[targets]]: how much less a meter or step is to use than its baseline expects, over a
    period.
    """

    saving_pct: float = Field(gt=0, lt=100)
    baseline: str
    reporting: str
    owner: str = Field(min_length=1, max_length=100)

    @property
    def name(self) -> str:
        return self.id

    @property
    def wanted_pct(self) -> float | None:
        """The share of the expected energy that is to be saved, %."""
        return self.saving_pct


Aim = TypeVar("Aim", SavingAction, Target)


class Actions(Setting):
    """A whole actions.toml."""

    actions: tuple[SavingAction, ...] = ()
    targets: tuple[Target, ...] = ()

    @field_validator("actions", "targets")
    @classmethod
    def _ids_of_their_own(cls, aims: tuple[Aim, ...], info: ValidationInfo) -> tuple[Aim, ...]:
        """The actions come first; the targets are held against them, too."""
        ids = [aim.id for aim in (*info.data.get("actions", ()), *aims)]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(
                Phrase(
                    "must give every action and target an id of its own; %(id)s stands twice",
                    id=repr(twice[0]),
                )
            )
        return aims


def load_actions(site: SiteSettings) -> Actions:
    """Read actions.toml beside site.toml, and hold its meters, steps and periods against the
    site's.

    Raises:
        InputError: it is not there, is no TOML, or a key is wrong; names file, key, found and
            wanted.
    """
    path = site.folder / "actions.toml"
    if not path.exists():
        raise InputError(
            "actions-missing",
            "There is no list of actions.",
            "Create actions.toml beside site.toml; docs/savings.md has an example to start from.",
            place=Place(str(path)),
            found=Phrase("no such file"),
            wanted="actions.toml",
        )
    read = faults.read(Actions, path, _wrong)
    meters, steps = (
        {meter.id: meter for meter in site.meters},
        {step.id for step in pack_of(site).steps},
    )
    for action in (*read.actions, *read.targets):
        if action.meter is not None and action.meter not in meters:
            wanted = Phrase(
                "a meter of site.toml: %(meters)s",
                meters=enumerated(sorted(meters) or [Phrase("none")]),
            )
            raise _wrong(_place(path, action, "meter"), repr(action.meter), wanted)
        if action.meter is not None and not _takes_in(meters[action.meter]):
            wanted = Phrase(
                "a meter of energy that is taken in, or the step, from whose energy what it gives "
                "back is taken off"
            )
            raise _wrong(_place(path, action, "meter"), repr(action.meter), wanted)
        if action.step is not None and action.step not in steps:
            wanted = Phrase("a step of the pack: %(steps)s", steps=enumerated(sorted(steps)))
            raise _wrong(_place(path, action, "step"), repr(action.step), wanted)
        if action.baseline is not None and action.reporting is not None:
            baseline = _period(path, action, "baseline", action.baseline, site.zone)
            reporting = _period(path, action, "reporting", action.reporting, site.zone)
            if reporting.start < baseline.end:
                wanted = Phrase(
                    "a period that begins when the baseline (%(baseline)s) has ended",
                    baseline=baseline.name,
                )
                raise _wrong(_place(path, action, "reporting"), repr(action.reporting), wanted)
            if isinstance(action, SavingAction) and action.state == "done":
                begins = datetime.combine(action.day, time(), site.zone)
                if baseline.end > begins:
                    wanted = Phrase(
                        "a period that has ended when the action took effect, on %(day)s",
                        day=action.day.isoformat(),
                    )
                    raise _wrong(_place(path, action, "baseline"), repr(action.baseline), wanted)
                if reporting.start < begins:
                    wanted = Phrase(
                        "a period that begins when the action has taken effect, on %(day)s or "
                        "later",
                        day=action.day.isoformat(),
                    )
                    raise _wrong(_place(path, action, "reporting"), repr(action.reporting), wanted)
    return read


def _takes_in(meter: Meter) -> bool:
    """Whether less on it can be a saving: what is given back, and a temperature, are none."""
    return meter.role != "state" and meter.direction is Direction.IMPORT


def _period(path: Path, action: ComparedPeriods, key: str, text: str, zone: tzinfo) -> Period:
    try:
        return Period.parse(text, zone)
    except InputError as refusal:  # which knows neither file nor key
        raise _wrong(_place(path, action, key), refusal.found, refusal.wanted) from None


def _place(path: Path, action: ComparedPeriods, key: str) -> Place:
    return Place(str(path), column=f"{action.id}.{key}")


def _wrong(place: Place, found: str, wanted: str) -> InputError:
    return InputError(
        "actions-invalid",
        "The list of actions cannot be used.",
        "Correct the place named; docs/savings.md describes every key.",
        place=place,
        found=found,
        wanted=wanted,
    )
