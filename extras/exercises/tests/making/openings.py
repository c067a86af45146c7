"""Write the files of the exercise `changed-record`: two mills that reported, and how each answered
its auditor's draw.

The keys are made here for the occasion and stand in no file; noise, draws and signatures follow
from them, so every run writes the same.
"""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import json
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks import shelf
from benchmarks.audit import openings, records, sample_file, signed_draws
from benchmarks.audit.openings import OpenedLeaf, Opening
from benchmarks.measurements import Batch
from benchmarks.wire import commitments, heads, logged, receipts
from benchmarks.wire import directory as directories
from benchmarks.wire.directory import Directory, ListedKey
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.schema import Header
from benchmarks.wire.signing import DirectoryKey
from extras.exercises.reading import named
from reporting_agent.audit.openings.assembling import assemble
from tests.functional.audit import plants
from tests.functional.audit.plants import Reported

HOME = Path(__file__).parents[2] / "changed-record" / "data"
UNTIL = "2025-03-22"
COORDINATOR = DirectoryKey(plants.key_of("coordinator"))
CHANGED = "M0054"  # one that the draw opens
CHANGED_TO, LOWERED_TO, EVERY = 0.88, 0.92, 6
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


def main() -> None:
    shelf.use(shelf.Empty())
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for mill, reported, change in (
            ("east", plants.honest, changed_after),
            ("west", lowered_before, as_it_is),
        ):
            works = Path(folder) / mill
            write_mill(works, f"{mill}-mill")
            evidence, opening = audited(reported(works), change)
            (HOME / f"{mill}-evidence.json").write_text(
                json.dumps(evidence, indent=1) + "\n", encoding="utf-8"
            )
            (HOME / f"{mill}-opening.cbor.gz").write_bytes(gzip.compress(opening, 9, mtime=0))
    (HOME / "fingerprint.txt").write_text(f"{COORDINATOR.key_id}\n", encoding="utf-8")


def write_mill(folder: Path, site: str) -> None:
    """The first weeks of the year of `mill-year`, in which nothing was wrong with its meter."""
    folder.mkdir()
    year = named("mill-year")
    (folder / "site.toml").write_text(
        year.content("site.toml").decode().replace("east-mill", site), encoding="utf-8"
    )
    for name, column in (("batches.csv", "end"), ("readings.csv", "timestamp")):
        rows = list(csv.DictReader(io.StringIO(year.content(name).decode())))
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in rows if row[column] < UNTIL)


def lowered_before(folder: Path) -> Reported:
    """Some runs take less energy before they are committed to: everything after that agrees."""
    site, material = plants.material_of(folder)
    batches = [
        lower(batch, LOWERED_TO) if index % EVERY == 0 else batch
        for index, batch in enumerate(material.batches)
    ]
    from reporting_agent import pipeline
    from reporting_agent.pipeline.outward.judging import OutwardBatches

    paths = {label.step: label.path for label in material.site_label.steps}
    data = pipeline.PlantData(
        material.pack, batches, [], [], outward=OutwardBatches(batches, paths)
    )
    label = pipeline.outgoing_label(site, data, material.site_label.period)
    plan = plants.plan_of(site, dataclasses.replace(material, site_label=label, batches=batches))
    seed = plants.chance_of("west seed")
    return plants.reported(site, plan, plan.tree(plan.key(seed), plants.SOFTWARE), seed)


def lower(batch: Batch, share: float) -> Batch:
    return dataclasses.replace(
        batch,
        energy=tuple(
            dataclasses.replace(energy, quantity=share * energy.quantity) for energy in batch.energy
        ),
    )


def changed_after(opening: Opening) -> Opening:
    """The record of one run that was opened says less energy than the one committed to."""
    leaves = list(opening.leaves)
    index, batch = next(
        (index, batch)
        for index, leaf in enumerate(leaves[1:], start=1)
        if isinstance(batch := records.read(leaf.record), Batch) and batch.batch_id == CHANGED
    )
    leaves[index] = dataclasses.replace(
        leaves[index], record=records.of_batch(lower(batch, CHANGED_TO), batch.excluded)
    )
    return dataclasses.replace(opening, leaves=tuple[OpenedLeaf, ...](leaves))


def as_it_is(opening: Opening) -> Opening:
    return opening


def audited(
    plant: Reported, change: Callable[[Opening], Opening]
) -> tuple[dict[str, object], bytes]:
    """The evidence file of the sample as a portal gives it, and the opening that the plant's device
    signed.
    """
    draw, promise = plants.drawn_by_auditor(plant)
    opening = change(assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening)
    log, of = plants.log_with(plant, promise), plant.commitment
    always = (ListedKey(plants.PORTAL.public.public_bytes, *ALWAYS),)
    header = Header(of.site, of.period, of.revision, "0" * 64, "device-1", 1)
    files = {
        "directory": directories.issue(Directory(1, (), always), COORDINATOR),
        "commitment": commitments.commit(of, "device-1", plants.DEVICE),
        "challenge": plant.challenge,
        "receipt": receipts.issue(plants.ENVELOPE, header, plants.SENT, plants.DAY, plants.PORTAL),
        "head": heads.issue(len(log), log.root(), len(log), plants.PORTAL),
        "promise": promise,
        "draw": signed_draws.sign(draw, plants.AUDITOR),
    }
    digests = {
        plants.ENTRY: (EntryKind.COMMITMENT, bytes.fromhex(of.digest)),
        plants.SENT: (EntryKind.ENVELOPE, bytes.fromhex(plants.ENVELOPE)),
        plants.ACCEPTED: (EntryKind.VALUES, plants.values_of(plant.report)),
        plants.PROMISED: (
            EntryKind.AUDIT_PROMISE,
            bytes.fromhex(signed_draws.read_promise(promise).digest),
        ),
    }
    entries = [
        {
            "index": index,
            "kind": kind.value,
            "object": logged.object_of(digest).hex(),
            "on": plants.DAY.isoformat(),
            "leaf_hash": logged.hashed(kind, digest, plants.DAY).hex(),
            "size": len(log),
            "proof": [node.hex() for node in log.inclusion_proof(index)],
        }
        for index, (kind, digest) in digests.items()
    ]
    return sample_file.written(of.site, of.period, of.revision, files, entries), openings.sign(
        opening, plants.DEVICE
    )
