"""Sector method packs: steel, aluminium, cement, or a pack of a plant's own. `docs/packs.md` says how to write one.

A pack is data. `load` reads it, checks every cross reference and gives a `Pack`; `digest` names exactly this content, so
that a label or an envelope can say by which rules it was made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.carriers import CARRIERS, bring
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.packs.checks import refuse_faults
from benchmarks.packs.corrections import RULES
from benchmarks.packs.reading import read
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, content_digest

HOME = Path(__file__).parent
_TABLES = frozenset({"carriers", "conversion", "corrections"})  # data of this room that are no packs


def available() -> tuple[str, ...]:
    """The ids of the packs that come with Steplabel; an older version of a pack stands beside it as `<id>-<version>.toml`."""
    return tuple(sorted(path.stem for path in HOME.glob("*.toml") if path.stem not in _TABLES and "-" not in path.stem))


def load(name_or_path: str, version: str | None = None, base: Path | None = None) -> Pack:
    """The pack of that id, or of that path (relative to `base`), in that version (default: the newest there is).

    Raises:
        InputError: `pack-unknown`, `pack-version-unknown`, `pack-unreadable` (not TOML), `pack-invalid` (a field is missing,
            unknown or of the wrong kind), `pack-inconsistent` (a reference or a rule does not hold); each with its place.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        pack = _read_checked((base or Path()) / name_or_path)
        if version is not None and pack.version != version:
            raise _version_unknown(name_or_path, version, (pack.version,))
        return pack
    if name_or_path not in available():
        raise InputError(
            "pack-unknown",
            Phrase("There is no pack called %(pack)s.", pack=repr(name_or_path)),
            "Name one of the packs, or give the path of a .toml file.",
            found=repr(name_or_path),
            wanted=", ".join(available()),
        )
    pack = _read_checked(HOME / f"{name_or_path}.toml")
    if version is None or pack.version == version:
        return pack
    older = sorted(HOME.glob(f"{name_or_path}-*.toml"))
    for path in older:
        if path.stem == f"{name_or_path}-{version}":
            return _read_checked(path)
    raise _version_unknown(name_or_path, version, (*(path.stem.removeprefix(f"{name_or_path}-") for path in older), pack.version))


def versions(name: str) -> tuple[Pack, ...]:
    """Every version of a pack that is here, the one that took effect last first.

    Raises:
        InputError: as `load`.
    """
    older = [_read_checked(path) for path in HOME.glob(f"{name}-*.toml")]
    return tuple(sorted((load(name), *older), key=lambda pack: (pack.effective_from, pack.version), reverse=True))


FIRST = "1"
"""The first version of packs and of the table of factors. Its digests were formed without what came later, and stay as they were."""

_DECIDES_NOTHING = frozenset({"editions", "numbers", "typical_source", "spread_source"})
"""What says where numbers are from, or what is not held: no part of a digest, so that a second reading of a figure changes none."""


def factors(pack: Pack) -> FactorTable:
    """The conversion factors that labels by this pack are made with. Raises InputError `factor-table-version-unknown`."""
    return FactorTable.of(pack.conversion)


def digest(pack: Pack) -> bytes:
    """SHA-256 of all that decides a label by this pack: its content, its conversion factors and the corrections that it names."""
    content = _published(pack.model_dump())
    if pack.conversion != FIRST:
        named = sorted({limit.correction for step in pack.steps for limit in step.limits if limit.correction})
        content |= {
            "conversion": factors(pack).digest.hex(),
            "corrections": {name: RULES[name].model_dump() for name in named},
            "carriers": {name: [CARRIERS[name].form, CARRIERS[name].unit] for name in sorted(_carriers(pack))},
        }
    return content_digest(content)


def _carriers(pack: Pack) -> set[str]:
    boundaries = [step.boundary for step in pack.steps]
    return {name for one in boundaries for name in (*one.carriers, *one.counted, *one.credited, *one.media)}


def _published(value: Any) -> Any:
    """The content that a digest covers. What version 1 could not say is left out where it says nothing, so that its digests stay."""
    if isinstance(value, list | tuple):
        return [_published(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if {"text", "kind", "verified"} <= value.keys():
        return {key: value[key] for key in ("text", "kind", "verified")}  # of a source: how it was read is in no digest
    unsaid = {"conversion": FIRST, "counted": (), "measured": (), "levels": "grades", "source": None, "own_carriers": ()}
    return {
        key: _published(inner)
        for key, inner in value.items()
        if key not in _DECIDES_NOTHING and not (key in unsaid and inner == unsaid[key])
    }


def _read_checked(path: Path) -> Pack:
    pack = read(path)
    refuse_faults(pack, path, clashing=bring(pack.own_carriers))
    return pack


def _version_unknown(name: str, version: str, there_are: tuple[str, ...]) -> InputError:
    return InputError(
        "pack-version-unknown",
        Phrase("The pack %(pack)s has no version %(version)s.", pack=repr(name), version=repr(version)),
        "Set `pack_version` in site.toml to a version there is.",
        place=Place(name),
        found=version,
        wanted=" or ".join(there_are),
    )
