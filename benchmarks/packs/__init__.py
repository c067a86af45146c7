"""Sector method packs: steel, aluminium, cement, or a pack of a plant's own. `docs/packs.md` says how to write one.

A pack is data. `load` reads it, checks every cross reference and gives a `Pack`; `digest` names exactly this content, so
that a label or an envelope can say by which rules it was made.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from fractions import Fraction
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.packs.checks import refuse_faults
from benchmarks.packs.reading import read
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack

HOME = Path(__file__).parent
_TABLES = frozenset({"conversion", "corrections"})  # data of this room that are no packs


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


def digest(pack: Pack) -> bytes:
    """SHA-256 of the pack's content in canonical JSON: sorted keys, fractions as n/d, dates as ISO 8601, UTF-8."""
    canonical = json.dumps(pack.model_dump(), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return hashlib.sha256(canonical.encode("utf-8")).digest()


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a pack holds no {type(value).__name__}")


def _read_checked(path: Path) -> Pack:
    pack = read(path)
    refuse_faults(pack, path)
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
