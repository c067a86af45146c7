"""The meter tree: who hangs on whom, who counts in labels, and what is refused because it would
count twice or nowhere.

Of a meter and those below at most one counts for the same energy: for the same step the upper one;
for different steps the upper one is declared as a virtual meter, `formula = { plus = [upper], minus
= [lower] }`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config.meters import Meter

TEMPERATURE_UNITS = {"°C": 273.15, "degC": 273.15, "℃": 273.15, "C": 273.15, "K": 0.0}
"""What is added to make it kelvin."""
PRESSURE_UNITS = {"Pa": 1e-3, "kPa": 1.0, "MPa": 1e3, "bar": 100.0, "mbar": 0.1}
"""How many kPa one is."""


@dataclass(frozen=True)
class MeterTree:
    """All meters of a site, checked. Raises InputError `meter-tree-invalid` with the key that is
    wrong.
    """

    meters: tuple[Meter, ...]
    path: Path = field(default=Path("site.toml"))

    def __post_init__(self) -> None:
        for meter in self.meters:
            self._refuse_strangers(meter)
        for meter in self.meters:
            self._refuse_circles(meter)
        self._refuse_double_counting()

    @cached_property
    def by_id(self) -> Mapping[str, Meter]:
        return {meter.id: meter for meter in self.meters}

    def above(self, meter: Meter) -> Iterator[Meter]:
        """The meter's parent, its parent's parent, and so on."""
        while meter.parent is not None:
            meter = self.by_id[meter.parent]
            yield meter

    def below(self, meter: Meter) -> tuple[Meter, ...]:
        """The meters that together measure what flows on from this one: no checks, and nothing that
        is made up from itself.
        """
        near = [
            child
            for child in self.meters
            if child.parent == meter.id and (child.role in {"main", "sub"} or child.computed)
        ]
        physical = {child.id for child in near if not child.computed}
        return tuple(
            child
            for child in near
            if not child.computed or not (physical | {meter.id}) & set(self.parts(child))
        )

    def measures_all_below(self, meter: Meter) -> bool:
        """Whether the meters below it are meant to add up to it: neither declared otherwise, nor is
        the rest of it a meter of its own.
        """
        rest = any(
            self.parts(other).get(meter.id) == 1
            for other in self.meters
            if other.computed and other.formula and other.formula.minus
        )
        return meter.subs == "all" and not rest

    def parts(self, meter: Meter) -> dict[str, int]:
        """The meters with readings that a meter is made of, each with how often it is added (or
        taken off).
        """
        if meter.formula is None:
            return {meter.id: 1}
        counts: dict[str, int] = {}
        for sign, names in ((1, meter.formula.plus), (-1, meter.formula.minus)):
            for name in names:
                for part, times in self.parts(self.by_id[name]).items():
                    counts[part] = counts.get(part, 0) + sign * times
        return {part: times for part, times in counts.items() if times}

    @cached_property
    def counted(self) -> tuple[Meter, ...]:
        """The meters whose energy enters labels, in the order of site.toml."""
        counts: dict[str, bool] = {}
        for meter in sorted(
            self.meters, key=lambda candidate: sum(1 for _ in self.above(candidate))
        ):
            may = (meter.role in {"main", "sub"} or meter.computed) and bool(
                meter.step or meter.allocation
            )
            counts[meter.id] = may and not any(
                counts[upper.id] and _covers(upper, meter) for upper in self.above(meter)
            )
        return tuple(meter for meter in self.meters if counts[meter.id])

    @cached_property
    def _shares(self) -> Mapping[str, int]:
        """How often counted meters hold what each meter with readings measures, by themselves."""
        shares: dict[str, int] = {}
        for meter in self.counted:
            for part, times in self.parts(meter).items():
                shares[part] = shares.get(part, 0) + times
        return shares

    def times_counted(self, meter: Meter) -> int:
        """How often labels hold what a meter measures: by itself, through the meters above it in
        its direction, and through formulas.
        """
        line = [upper for upper in self.above(meter) if upper.direction == meter.direction]
        through = [
            upper
            for upper in line
            if upper.computed and upper in self.counted and meter.id not in self.parts(upper)
        ]
        return (
            self._shares.get(meter.id, 0)
            + sum(self._shares.get(upper.id, 0) for upper in line if not upper.computed)
            + len(through)
        )

    def state_meters(self, meter: Meter) -> tuple[str, ...]:
        """Meters of temperature and pressure that this one needs."""
        return tuple(
            name for name in (meter.temperature_meter, meter.pressure_meter) if name is not None
        )

    def needed_by(self, meter: Meter) -> frozenset[str]:
        """All meters with readings that one meter's energy is made from, itself included."""
        parts = frozenset(self.parts(meter))
        return parts | {name for part in parts for name in self.state_meters(self.by_id[part])}

    def refuse(
        self, meter: Meter, key: str, sentence: str, remedy: str, found: str, wanted: str
    ) -> InputError:
        place = Place(str(self.path), column=f"meters.{meter.id}.{key}")
        return InputError(
            "meter-tree-invalid", sentence, remedy, place=place, found=found, wanted=wanted
        )

    def _refuse_strangers(self, meter: Meter) -> None:
        """Every meter named is there, and measures the same carrier."""
        names = [("parent", meter.parent), ("checks", meter.checks)]
        if meter.formula is not None:
            names += [("formula", name) for name in (*meter.formula.plus, *meter.formula.minus)]
        for key, name in names:
            if name is None:
                continue
            other = self.by_id.get(name)
            if other is None:
                raise self.refuse(
                    meter,
                    key,
                    Phrase("Meter %(meter)s names a meter that is not declared.", meter=meter.id),
                    Phrase("Correct the id, or declare the meter under [[meters]]."),
                    repr(name),
                    ", ".join(sorted(self.by_id)),
                )
            if other.carrier != meter.carrier:
                raise self.refuse(
                    meter,
                    key,
                    Phrase(
                        "Meter %(meter)s measures another carrier than meter %(other)s.",
                        meter=meter.id,
                        other=name,
                    ),
                    Phrase(
                        "Meters of one tree measure one carrier; correct carrier, or take the "
                        "link away."
                    ),
                    Phrase("%(first)s and %(second)s", first=meter.carrier, second=other.carrier),
                    Phrase("one carrier"),
                )
        if meter.role == "check" and meter.checked is None:
            raise self.refuse(
                meter,
                "checks",
                Phrase("Check meter %(meter)s does not say what it checks.", meter=meter.id),
                Phrase("Name the meter it stands beside in checks."),
                Phrase("nothing"),
                Phrase("the id of a meter"),
            )

    def _refuse_circles(self, meter: Meter) -> None:
        for key, nearest in (("parent", _parent), ("formula", _members)):
            reached, ahead = set[str](), list(nearest(meter))
            while ahead:
                name = ahead.pop()
                if name == meter.id:
                    raise self.refuse(
                        meter,
                        key,
                        Phrase("Meter %(meter)s hangs on itself.", meter=meter.id),
                        Phrase("A tree has no circle: correct one of the links."),
                        " > ".join(sorted(reached | {meter.id})),
                        Phrase("a meter that leads to a main meter"),
                    )
                if name not in reached:
                    reached.add(name)
                    ahead += nearest(self.by_id[name])

    def _refuse_double_counting(self) -> None:
        """Each flow, as the sum of what counts it directly, through the meters above it and through
        formulas: 0 or 1.
        """
        for meter in self.meters:
            if meter.role not in {"main", "sub"}:
                continue
            times = self.times_counted(meter)
            if times not in (0, 1):
                line = [upper for upper in self.above(meter) if upper.direction == meter.direction]
                others = sorted(
                    other.id
                    for other in self.counted
                    if other.id == meter.id or other in line or meter.id in self.parts(other)
                )  # those that the reader must look at
                if times < 0:
                    sentence = Phrase(
                        "What meter %(meter)s measures would be taken off where nothing counts it.",
                        meter=meter.id,
                    )
                    remedy = Phrase(
                        "Name the meter that it hangs on as its parent, or correct the formula."
                    )
                else:
                    sentence = Phrase(
                        "What meter %(meter)s measures would be counted %(times)s times.",
                        meter=meter.id,
                        times=times,
                    )
                    remedy = Phrase(
                        "Let the upper meter stand without step, or count what is left of it: "
                        "role = 'virtual',"
                        " formula = { plus = [upper], minus = [lower] }."
                    )
                key = "parent" if meter.parent or times < 0 else "step"
                raise self.refuse(
                    meter,
                    key,
                    sentence,
                    remedy,
                    ", ".join(others),
                    Phrase("energy that is counted once"),
                )


def _covers(upper: Meter, lower: Meter) -> bool:
    """Whether the upper meter's energy goes to the same batches as the lower one's would."""
    return (
        upper.allocation is None
        and lower.allocation is None
        and (upper.step, upper.direction) == (lower.step, lower.direction)
        and upper.equipment in {"", lower.equipment}
    )


def _parent(meter: Meter) -> tuple[str, ...]:
    return () if meter.parent is None else (meter.parent,)


def _members(meter: Meter) -> tuple[str, ...]:
    return () if meter.formula is None else (*meter.formula.plus, *meter.formula.minus)
