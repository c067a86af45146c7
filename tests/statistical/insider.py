"""What an insider does to the raw files or to the agent, whether an audit finds it, and what it
pays.

Works of two cement mills are simulated, their files changed as somebody would who knows every
value, and everything after that is real: the agent reads and labels, commits, draws; an auditor
draws by the standard plan, the plant opens, `verify` checks. What a cheat pays is how much lower it
makes the exact label (best and typical, the mean over products). *With the checks off* leaves out
those of completeness: what they find, nothing else finds.
"""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean

from benchmarks.audit import checks, completeness
from benchmarks.audit.evidence import CheckState
from benchmarks.measurements import Batch
from reporting_agent import pipeline
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline.outward.judging import OutwardBatches
from tests.functional.audit.plants import (
    SOFTWARE,
    Reported,
    audited,
    chance_of,
    drawn_by_auditor,
    honest,
    material_of,
    plan_of,
    reported,
)
from tests.statistical import fillers, lines
from tests.statistical.outcome import Outcome

WORKS, WORKS_LONG = 1, 20
DRAWS = 3  # of one report, until one finds the cheat: each misses one in twenty, as promised
DAYS = 90
OF_COMPLETENESS = (
    completeness.nothing_left_out,
    completeness.edges_at_rest,
    completeness.output_weighed,
)
OTHERS = tuple(check for check in checks.CHECKS if check not in OF_COMPLETENESS)

Row = dict[str, str]
Values = Mapping[str, float]
"""By batch id, energy a tonne at reference conditions, as an insider knows it."""


@dataclass(frozen=True, slots=True)
class Plant:
    """An honest works on the disk, and what an insider knows of it."""

    folder: Path
    values: Values
    labels: tuple[float, float]

    def worst(self, share: float) -> set[str]:
        """The batches of this share that took most."""
        ordered = sorted(self.values, key=lambda name: -self.values[name])
        return set(ordered[: round(share * len(ordered))])

    def best(self, share: float) -> set[str]:
        ordered = sorted(self.values, key=lambda name: self.values[name])
        return set(ordered[: round(share * len(ordered))])


@dataclass(frozen=True, slots=True)
class Cheat:
    """One way, at one size; `does` gives the plant's report after it, from the honest works and an
    empty folder.
    """

    name: str
    size: str
    does: Callable[[Plant, Path], Reported]
    scales: bool = False
    findable: bool = True


def each(
    plant: Plant, folder: Path, chosen: Collection[str], change: Callable[[Row], Row]
) -> Reported:
    """The works with some rows of its log changed."""
    return in_log(
        plant,
        folder,
        lambda rows: [change(row) if row["batch_id"] in chosen else row for row in rows],
    )


def in_log(plant: Plant, folder: Path, change: Callable[[list[Row]], list[Row]]) -> Reported:
    """The works with another log."""
    shutil.copytree(plant.folder, folder, dirs_exist_ok=True)
    log = folder / "batches.csv"
    with log.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = change(list(reader))
    with log.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(rows)
    return honest(folder)


def energy_in_records(plant: Plant, _folder: Path) -> Reported:
    """A changed agent: every tenth record holds 6 % less energy than was metered."""
    site, material = material_of(plant.folder)

    def lower(batch: Batch) -> Batch:
        return replace(
            batch,
            energy=tuple(
                replace(energy, quantity=0.94 * energy.quantity) for energy in batch.energy
            ),
        )

    changed = [
        lower(batch) if index % 10 == 0 else batch for index, batch in enumerate(material.batches)
    ]
    paths = {label.step: label.path for label in material.site_label.steps}
    data = pipeline.PlantData(
        material.pack, changed, [], [], outward=OutwardBatches(changed, paths)
    )
    label = pipeline.outgoing_label(site, data, material.site_label.period)
    plan, seed = (
        plan_of(site, replace(material, site_label=label, batches=changed)),
        chance_of("insider"),
    )
    return reported(site, plan, plan.tree(plan.key(seed), SOFTWARE), seed)


def energy_in_readings(plant: Plant, folder: Path) -> Reported:
    """Every reading of the mills and of the site's main meter is 6 % lower before the agent reads
    it.
    """
    shutil.copytree(plant.folder, folder, dirs_exist_ok=True)
    for file in (folder / "readings").iterdir():
        header, *rows = file.read_text(encoding="utf-8").splitlines()
        lower = (
            f"{rest},{0.94 * float(value):.6f}"
            for rest, _, value in (row.rpartition(",") for row in rows)
        )
        file.write_text("\n".join((header, *lower)) + "\n", encoding="utf-8")
    return honest(folder)


def output_scaled(plant: Plant, folder: Path) -> Reported:
    return in_log(plant, folder, lambda rows: [_scaled(row, 1.06) for row in rows])


def output_shifted(plant: Plant, folder: Path) -> Reported:
    """Each of the better half gets 6 % of output from one of the worse half: totals stay."""
    better, worse = plant.best(0.5), plant.worst(0.5)

    def shifted(row: Row) -> Row:
        return _scaled(row, 1.06 if row["batch_id"] in better else 0.94)

    return each(plant, folder, better | worse, shifted)


def declared_ratio(plant: Plant, folder: Path) -> Reported:
    """An event says of every meter that its readings are to be taken times 0.9."""
    return in_settings(
        plant,
        folder,
        lambda site: "".join(f'[[events]]\nmeter = "{meter.id}"\n{RATIO}' for meter in site.meters),
    )


def declared_scale(plant: Plant, folder: Path) -> Reported:
    """The mapping of readings multiplies every value by 0.9."""
    return in_settings(plant, folder, lambda _site: "[mapping.readings]\nscale = { value = 0.9 }\n")


def in_settings(plant: Plant, folder: Path, more: Callable[[SiteSettings], str]) -> Reported:
    """The works with more in site.toml."""
    shutil.copytree(plant.folder, folder, dirs_exist_ok=True)
    settings = folder / "site.toml"
    settings.write_text(
        f"{settings.read_text(encoding='utf-8')}\n{more(load_site(settings))}", encoding="utf-8"
    )
    return honest(folder)


def ends_cut(minutes: int, share: float) -> Callable[[Plant, Path], Reported]:
    def does(plant: Plant, folder: Path) -> Reported:
        return each(plant, folder, plant.best(share), lambda row: _ended(row, -minutes))

    return does


def dropped(share: float) -> Callable[[Plant, Path], Reported]:
    def does(plant: Plant, folder: Path) -> Reported:
        gone = plant.worst(share)
        return in_log(
            plant, folder, lambda rows: [row for row in rows if row["batch_id"] not in gone]
        )

    return does


def said_to_wait(plant: Plant, folder: Path) -> Reported:
    """The worst tenth stands in the log as holding, without output."""
    return each(
        plant,
        folder,
        plant.worst(0.1),
        lambda row: {**row, "state": "holding", "output_quantity": "0"},
    )


def behind_late_ends(state: str = "") -> Callable[[Plant, Path], Reported]:
    """The worst tenth is dropped behind rows whose ends are three days late: those before them,
    which then count no more.
    """

    def does(plant: Plant, folder: Path) -> Reported:
        return in_log(
            plant, folder, lambda rows: covered(rows, plant.worst(0.1), timedelta(days=3), state)
        )

    return does


def covered(rows: list[Row], gone: Collection[str], late: timedelta, state: str = "") -> list[Row]:
    """The log without some rows, each inside the times of a kept row of its line whose end was put
    off; that one in another state.
    """
    remaining: list[Row] = []
    last: dict[str, int] = {}  # by line, the index of its last kept row
    until: dict[str, datetime] = {}
    for row in sorted(rows, key=lambda entry: (entry["equipment"], lines.moment(entry["start"]))):
        line = row["equipment"]
        if row["batch_id"] in gone and line in last:
            before = remaining[last[line]]
            if lines.moment(row["start"]) >= until.get(line, lines.moment(row["start"])):
                until[line] = lines.moment(before["start"]) + late
                waiting = {"state": state, "output_quantity": "0"} if state else {}
                remaining[last[line]] = {**before, "end": until[line].isoformat(), **waiting}
            if lines.moment(row["end"]) <= until[line]:
                continue
        last[line] = len(remaining)
        remaining.append(row)
    return remaining


def said_to_be_trials(plant: Plant, folder: Path) -> Reported:
    """The worst tenth stands in the log as trials."""
    return each(plant, folder, plant.worst(0.1), lambda row: {**row, "state": "trial"})


def renamed(change: fillers.Change, share: float = 1.0) -> Callable[[Plant, Path], Reported]:
    """Part of the best runs stands in the log under another name."""

    def does(plant: Plant, folder: Path) -> Reported:
        chosen = plant.best(share)
        return in_log(plant, folder, lambda rows: change(rows, chosen))

    return does


def line_left_out(plant: Plant, folder: Path) -> Reported:
    return in_log(plant, folder, lambda rows: [row for row in rows if row["equipment"] != "mill-1"])


def dropped_beside_an_unreadable_row(plant: Plant, folder: Path) -> Reported:
    gone = plant.worst(0.2)
    unreadable = {"batch_id": "unreadable", "start": "31.02.2025 ??"}
    return in_log(
        plant,
        folder,
        lambda rows: [
            *(row for row in rows if row["batch_id"] not in gone),
            {**rows[5], **unreadable},
        ],
    )


def shifted_within_a_declared_error(plant: Plant, folder: Path) -> Reported:
    shutil.copytree(plant.folder, folder / "loose")
    site = folder / "loose" / "site.toml"
    site.write_text(
        site.read_text(encoding="utf-8").replace(
            "[[scales]]\n", "[[scales]]\nuncertainty_pct = 12.5\n"
        ),
        encoding="utf-8",
    )
    return output_shifted(replace(plant, folder=folder / "loose"), folder / "shifted")


def split(plant: Plant, folder: Path) -> Reported:
    """Each of the best 40 % becomes two batches: one of 55 % of its time and 60 % of its output,
    and one too short for a label.
    """
    chosen = plant.best(0.4)

    def both(row: Row) -> list[Row]:
        if row["batch_id"] not in chosen:
            return [row]
        start, end = lines.moment(row["start"]), lines.moment(row["end"])
        middle = (start + 0.55 * (end - start)).replace(second=0, microsecond=0)
        first = _scaled({**row, "batch_id": f"{row['batch_id']}-1", "end": middle.isoformat()}, 0.6)
        return [
            first,
            _scaled({**row, "batch_id": f"{row['batch_id']}-2", "start": middle.isoformat()}, 0.4),
        ]

    return in_log(plant, folder, lambda rows: [part for row in rows for part in both(row)])


def relabelled(plant: Plant, folder: Path) -> Reported:
    """The best fifth of either product goes under the name of the other."""
    other = {"portland": "ordinary-portland", "ordinary-portland": "portland"}
    return each(
        plant, folder, plant.best(0.2), lambda row: {**row, "variant": other[row["variant"]]}
    )


def variables_raised(plant: Plant, folder: Path) -> Reported:
    """Every batch is said to be ground finer by 10 m2/kg: what that takes is no longer held against
    it.
    """
    return each(
        plant,
        folder,
        set(plant.values),
        lambda row: {**row, FINENESS: str(float(row[FINENESS]) + 10)},
    )


FINENESS = "var.blaine_m2_kg"
RATIO = 'from = 2025-01-01\nkind = "ratio"\nfactor = 0.9\nreason = "Current transformers."\n\n'
CHEATS = (
    Cheat(
        "energy scaled in the records, by a changed agent",
        "6 % of every tenth batch",
        energy_in_records,
    ),
    Cheat(
        "energy scaled in the readings, before the agent reads them",
        "6 % of all",
        energy_in_readings,
        findable=False,
    ),
    Cheat(
        "energy scaled by a declared ratio of the meters",
        "10 % of all",
        declared_ratio,
        findable=False,
    ),
    Cheat(
        "energy scaled by the mapping of readings", "10 % of all", declared_scale, findable=False
    ),
    Cheat(
        "output scaled in the log, no scale records", "6 % of all", output_scaled, findable=False
    ),
    Cheat("output scaled in the log, scale records", "6 % of all", output_scaled, scales=True),
    Cheat(
        "output shifted between pairs, no scale records",
        "6 %, totals kept",
        output_shifted,
        findable=False,
    ),
    Cheat(
        "output shifted between pairs, scale records",
        "6 %, totals kept",
        output_shifted,
        scales=True,
    ),
    Cheat("ends cut", "20 min of the best 40 %", ends_cut(20, 0.4)),
    Cheat("ends cut", "20 min of all", ends_cut(20, 1.0)),
    Cheat("ends cut", "90 min of all", ends_cut(90, 1.0)),
    Cheat("dropped", "the worst 2 %", dropped(0.02)),
    Cheat("dropped", "the worst 20 %", dropped(0.2)),
    Cheat("dropped behind ends that are three days late", "the worst 10 %", behind_late_ends()),
    Cheat(
        "dropped behind rows of three days that say holding",
        "the worst 10 %",
        behind_late_ends("holding"),
    ),
    Cheat("logged as holding", "the worst 10 %", said_to_wait),
    Cheat("logged as trials", "the worst 10 %", said_to_be_trials, findable=False),
    Cheat(
        "ends logged as a trial without output",
        "20 min of the best 40 %",
        renamed(fillers.ends_filled(20, "trial"), 0.4),
    ),
    Cheat(
        "ends logged as a fault without output",
        "90 min of all",
        renamed(fillers.ends_filled(90, "fault")),
    ),
    Cheat(
        "beginnings logged as a start-up",
        "90 min of all",
        renamed(fillers.beginnings_filled(90, "start-up")),
        scales=True,
    ),
    Cheat(
        "ends cut beside rows of 18 seconds",
        "90 min of all, no output",
        renamed(fillers.ends_beside_moments(90, "0")),
    ),
    Cheat(
        "ends cut beside rows of 18 seconds",
        "90 min of all, 100 t each",
        renamed(fillers.ends_beside_moments(90, "100")),
    ),
    Cheat(
        "runs and pauses logged as holding",
        "all before long pauses",
        renamed(fillers.waiting_over_pauses),
    ),
    Cheat("a line left out whole", "one of two", line_left_out),
    Cheat(
        "dropped, one unreadable row in the log", "the worst 20 %", dropped_beside_an_unreadable_row
    ),
    Cheat(
        "output shifted within an error of the scales",
        "6 %, 12.5 % declared",
        shifted_within_a_declared_error,
        True,
        findable=False,
    ),
    Cheat(
        "split, no scale records",
        "the best 40 %, time 55 : 45, output 60 : 40",
        split,
        findable=False,
    ),
    Cheat(
        "split, scale records", "the best 40 %, time 55 : 45, output 60 : 40", split, scales=True
    ),
    Cheat("relabelled as the other product", "the best 20 %", relabelled, findable=False),
    Cheat("a relevant variable raised", "10 m²/kg of all", variables_raised, findable=False),
)


def run(long: bool) -> Outcome:
    works = WORKS_LONG if long else WORKS
    findings: dict[Cheat, list[set[str]]] = {cheat: [] for cheat in CHEATS}
    unseen: dict[Cheat, int] = dict.fromkeys(CHEATS, 0)
    draws: dict[Cheat, int] = dict.fromkeys(CHEATS, 0)
    gains: dict[Cheat, list[tuple[float, float]]] = {cheat: [] for cheat in CHEATS}
    alarms = 0
    for number in range(works):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            plain, weighed = (
                _works(Path(folder) / "plain", number, scales=False),
                _works(Path(folder) / "weighed", number, scales=True),
            )
            for plant in (plain, weighed):
                alarms += bool(_failed_codes(honest(plant.folder))[0])
            for index, cheat in enumerate(CHEATS):
                plant = weighed if cheat.scales else plain
                report = cheat.does(plant, Path(folder) / str(index))
                for nonce in range(DRAWS if cheat.findable else 1):
                    codes, without = _failed_codes(report, nonce)
                    draws[cheat] += 1
                    if codes:
                        break
                findings[cheat].append(codes)
                unseen[cheat] += not without
                gains[cheat].append(_gain(plant.labels, labels_of(report)))
                shutil.rmtree(Path(folder) / str(index), ignore_errors=True)
    rows = tuple(
        _row(cheat, findings[cheat], draws[cheat], unseen[cheat], gains[cheat]) for cheat in CHEATS
    )
    sound = not alarms and all(
        all(findings[cheat]) if cheat.findable else not any(findings[cheat]) for cheat in CHEATS
    )
    return Outcome(
        "insider",
        sound,
        f"what an insider does in {works} works of two mills ({DAYS} days), how many draws by the "
        f"standard plan find it (drawn until one does, at most {DRAWS} times), and what it "
        f"changes of the label; {alarms} alarms in {2 * works} honest audits",
        ("cheat", "size", "best, %", "typical, %", "found", "by", "found with the checks off"),
        rows,
        page="audit.md",
    )


def _row(
    cheat: Cheat,
    findings: list[set[str]],
    draws: int,
    unseen: int,
    gains: list[tuple[float, float]],
) -> tuple[str, ...]:
    codes = sorted(set().union(*findings))
    best, typical = (fmean(column) for column in zip(*gains, strict=True))
    detected = f"{sum(map(bool, findings))} of {draws}" if cheat.findable else "not findable"
    return (
        cheat.name,
        cheat.size,
        f"{best:+.1f}",
        f"{typical:+.1f}",
        detected,
        ", ".join(f"`{code}`" for code in codes),
        f"{len(findings) - unseen} of {len(findings)}" if cheat.findable else "",
    )


def _works(folder: Path, number: int, *, scales: bool) -> Plant:
    """A simulated works without faults, with what its own agent knows of it."""
    lines.write(lines.MILLS, folder, seed=number, days=DAYS, rate=0)
    if scales:
        lines.put_up_scales(folder)
    report = honest(folder)
    return Plant(folder, _values(report), labels_of(report))


def _failed_codes(report: Reported, nonce: int = 0) -> tuple[set[str], set[str]]:
    """Codes that were asked for and do not hold: of all checks, and where those of completeness are
    left out.
    """
    draw, promise = drawn_by_auditor(report, nonce=bytes([nonce] * 32))
    opening = assemble(draw, report.tree, report.site, report.pack, report.answered).opening
    failed = {
        finding.code
        for finding in audited(report, draw, promise, opening)
        if finding.asked and finding.state is not CheckState.HELD
    }
    others = {check.__name__.replace("_", "-") for check in OTHERS}
    return failed, failed & others


def _values(report: Reported) -> Values:
    """Of the used batches, by id."""
    return {
        value.batch_id: value.at_reference
        for release in report.plan.releases
        for value in release.label.values
        if value.excluded is None and value.at_reference is not None
    }


def labels_of(report: Reported) -> tuple[float, float]:
    """Exact best and typical of the headline metric, the means over its products."""
    labels = [release.label for release in report.plan.releases]
    return fmean(label.best.value for label in labels if label.best.value is not None), fmean(
        label.typical for label in labels if label.typical is not None
    )


def _gain(true: tuple[float, float], cheated: tuple[float, float]) -> tuple[float, float]:
    best, typical = (
        100 * (after / before - 1) for before, after in zip(true, cheated, strict=True)
    )
    return best, typical


def _scaled(row: Row, factor: float) -> Row:
    return {
        **row,
        "output_quantity": repr(factor * float(row["output_quantity"])),
        "reject_quantity": repr(factor * float(row["reject_quantity"])),
    }


def _ended(row: Row, minutes: int) -> Row:
    return {**row, "end": (lines.moment(row["end"]) + timedelta(minutes=minutes)).isoformat()}
