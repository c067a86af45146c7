"""Which sector method packs there are, and in which versions.

A pack is data. `load` reads it, checks every cross reference and gives a `Pack`; `digest` names
exactly this content, so that a label or an envelope can say by which rules it was made.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path

from benchmarks import shelf
from benchmarks.carriers import bring
from benchmarks.conversion import FactorTable
from benchmarks.errors import InputError, Place
from benchmarks.packs.checks import refuse_faults
from benchmarks.packs.pack_digest import digest as digest
from benchmarks.packs.reading import parse, text_of
from benchmarks.phrases import Phrase, alternatives
from benchmarks.routes import Pack

HOME = Path(__file__).parent
_TABLES = frozenset(
    {"carriers", "conversion", "corrections"}
)  # data of this room that are no packs


def shipped() -> tuple[str, ...]:
    """The ids of the packs that come with Steplabel; an older version of a pack stands beside it as
    `<id>-<version>.toml`.
    """
    return tuple(
        sorted(
            path.stem
            for path in HOME.glob("*.toml")
            if path.stem not in _TABLES and "-" not in path.stem
        )
    )


def available() -> tuple[str, ...]:
    """The ids of the packs that come with Steplabel, and of those that an authority approved and
    that are kept here.
    """
    return tuple(sorted({*shipped(), *(pack for pack, _ in shelf.approved().versions())}))


def is_known(pack: str) -> bool:
    """Whether there is such a pack; the shelf is asked only for what does not come with
    Steplabel.
    """
    return pack in shipped() or pack in available()


def load(name_or_path: str, version: str | None = None, base: Path | None = None) -> Pack:
    """The pack of that id, or of that path (relative to `base`), in that version.

    Without a version: the newest that comes with Steplabel; of a pack that does not come with it,
    the approved one that took effect last.

    Raises:
        InputError: `pack-unknown`, `pack-version-unknown`, `pack-unreadable` (not TOML),
            `pack-invalid` (a field is missing, unknown or of the wrong kind), `pack-inconsistent`
            (a reference or a rule does not hold); each with its place.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path:
        pack = _read_checked((base or Path()) / name_or_path)
        if version is not None and pack.version != version:
            raise _version_unknown(name_or_path, version, (pack.version,))
        return pack
    if name_or_path in shipped():
        pack = _read_checked(HOME / f"{name_or_path}.toml")
        if version is None or pack.version == version:
            return pack
        for path in HOME.glob(f"{name_or_path}-*.toml"):
            if path.stem == f"{name_or_path}-{version}":
                return _read_checked(path)
    if version is not None and (text := shelf.approved().pack(name_or_path, version)) is not None:
        return checked(text, f"{name_or_path}-{version}.toml")
    if not is_known(name_or_path):
        raise InputError(
            "pack-unknown",
            Phrase("There is no pack called %(pack)s.", pack=repr(name_or_path)),
            "Name one of the packs, or give the path of a .toml file.",
            found=repr(name_or_path),
            wanted=", ".join(available()),
        )
    there_are = versions(name_or_path)
    if version is None:
        return there_are[0]
    raise _version_unknown(name_or_path, version, tuple(pack.version for pack in there_are))


def versions(name: str) -> tuple[Pack, ...]:
    """Every version of a pack that is here, the one that took effect last first.

    Raises:
        InputError: as `load`.
    """
    packs = {
        pack.version: pack
        for pack in (
            _read_checked(path)
            for path in (*HOME.glob(f"{name}.toml"), *HOME.glob(f"{name}-*.toml"))
        )
    }
    for pack, version in shelf.approved().versions():
        if pack == name and version not in packs:
            packs[version] = load(name, version)
    return tuple(
        sorted(
            packs.values(),
            key=lambda pack: (pack.effective_from, version_order(pack.version)),
            reverse=True,
        )
    )


def version_order(version: str) -> tuple[tuple[int, str], ...]:
    """By what versions are sorted: part by part, numbers by their size, so that 10 is after 9, and
    before texts.
    """
    parts = re.findall(r"[0-9]+|[^0-9.-]+", version)
    return tuple((int(part), "") if part.isdecimal() else (sys.maxsize, part) for part in parts)


@lru_cache(maxsize=32)
def checked(text: str, name: str) -> Pack:
    """The pack of that TOML, every cross reference checked; `name` stands for it in a refusal.
    Raises InputError as `load`.
    """
    pack = parse(text, Path(name))
    refuse_faults(pack, Path(name), clashing=bring(pack.own_carriers))
    return pack


def factors(pack: Pack) -> FactorTable:
    """The conversion factors that labels by this pack are made with. Raises InputError
    `factor-table-version-unknown`.
    """
    return FactorTable.of(pack.conversion).with_own(pack.own_carriers)


def _read_checked(path: Path) -> Pack:
    return checked(text_of(path), str(path))


def _version_unknown(name: str, version: str, there_are: tuple[str, ...]) -> InputError:
    return InputError(
        "pack-version-unknown",
        Phrase(
            "The pack %(pack)s has no version %(version)s.", pack=repr(name), version=repr(version)
        ),
        "Set `pack_version` in site.toml to an existing version.",
        place=Place(name),
        found=version,
        wanted=alternatives(sorted(there_are)),
    )
