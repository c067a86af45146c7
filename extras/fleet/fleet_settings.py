"""fleet.toml: which sites, and the tables of site.toml that they share.

[fleet]
name = "Example Group"

[[sites]]
file = "works-a/site.toml"

[inherit.tariff]                # a table that a site.toml lacks; one that it has stands as it is,
whole currency = "CNY"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from benchmarks.errors import InputError, Place
from benchmarks.foreign_files import fault_of, read_toml
from benchmarks.phrases import Phrase, enumerated
from reporting_agent.config import SiteSettings
from reporting_agent.config.faults import SettingFault
from reporting_agent.config.profile import Setting
from reporting_agent.sources.object_storage import beside, is_object, joined, text

NEVER_SHARED = frozenset({"site", "inputs", "meters", "scales", "events", "lhv", "path"})
"""Tables that say what one site is, measures and lived through."""


class FleetSite(Setting):
    """[[sites]]: a site.toml, relative to fleet.toml or s3://BUCKET/PATH, and for `status` where
    its state is, or the file that says how it stands."""

    file: str = Field(min_length=1)
    state: str = Field(default="state", min_length=1)
    """The agent's state directory, relative to the site.toml."""
    status: str | None = Field(default=None, min_length=1)
    """What `status --out` wrote at a site whose agent works on another machine, relative to
    fleet.toml.
    """


class FleetSettings(Setting):
    """[fleet]: how the group is called in its report, and what else its workers may read."""

    name: str = Field(min_length=1, max_length=80)
    reads: tuple[str, ...] = ()
    """Folders beside those of the sites, relative to fleet.toml, and s3://BUCKET/PATH, that workers
    of a cluster may read inputs from.
    """


class Fleet(Setting):
    """A whole fleet.toml, with the folder its paths start from."""

    fleet: FleetSettings
    sites: tuple[FleetSite, ...] = Field(min_length=1)
    inherit: dict[str, Any] = Field(default_factory=dict)
    folder: Path

    @field_validator("sites")
    @classmethod
    def _each_once(cls, sites: tuple[FleetSite, ...]) -> tuple[FleetSite, ...]:
        files = [site.file for site in sites]
        if twice := sorted({file for file in files if files.count(file) > 1}):
            raise ValueError(
                Phrase("must name every site once; %(site)s stands twice", site=repr(twice[0]))
            )
        return sites

    @field_validator("inherit")
    @classmethod
    def _tables_that_can_be_shared(cls, inherit: dict[str, Any]) -> dict[str, Any]:
        shared = sorted(set(SiteSettings.model_fields) - NEVER_SHARED)
        if unknown := sorted(set(inherit) - set(shared)):
            raise ValueError(
                Phrase(
                    "must be tables that sites can share (%(unknown)s is none): %(tables)s",
                    unknown=repr(unknown[0]),
                    tables=enumerated(shared),
                )
            )
        return inherit

    @model_validator(mode="after")
    def _each_once_however_written(self) -> Self:
        """A site that stands twice would be compared with itself."""
        named: dict[Path, str] = {}
        for site, file in zip(self.sites, self.files(), strict=True):
            if is_object(file):
                continue
            earlier = named.setdefault(Path(file).resolve(), site.file)
            if earlier != site.file:
                raise ValueError(
                    Phrase(
                        "must name every site once; %(first)s and %(second)s are one file",
                        first=repr(earlier),
                        second=repr(site.file),
                    )
                )
        return self

    @model_validator(mode="after")
    def _each_by_an_id_of_its_own(self) -> Self:
        """Two sites of one id could not be told apart in any line of the page. Of those in object
        storage, a worker reads the id first.
        """
        named: dict[str, str] = {}
        for site, file in zip(self.sites, self.files(), strict=True):
            site_id = None if is_object(file) else _site_id(Path(file))
            earlier = site.file if site_id is None else named.setdefault(site_id, site.file)
            if earlier != site.file:
                raise ValueError(
                    Phrase(
                        "must name sites with an id each; %(first)s and %(second)s both have the "
                        "id %(id)s",
                        first=repr(earlier),
                        second=repr(site.file),
                        id=repr(site_id),
                    )
                )
        return self

    def files(self) -> tuple[str, ...]:
        """Each site.toml: its path, or its address in object storage."""
        return tuple(
            site.file if is_object(site.file) else str(self.folder / site.file)
            for site in self.sites
        )

    def status_of(self, site: FleetSite) -> str:
        """What `status --out` wrote there. OSError, InputError where it is not to be had."""
        return _content(
            str(site.status) if is_object(str(site.status)) else str(self.folder / str(site.status))
        )

    def of_storage(self, folder: str) -> Fleet:
        """With the addresses of what is relative to a fleet.toml in object storage."""
        sites = tuple(
            site.model_copy(
                update={
                    name: joined(folder, path)
                    for name in ("file", "status")
                    if (path := getattr(site, name))
                }
            )
            for site in self.sites
        )
        named = self.fleet.model_copy(
            update={"reads": tuple(joined(folder, source) for source in self.fleet.reads)}
        )
        return self.model_copy(update={"sites": sites, "fleet": named})

    def reads(self) -> tuple[str, ...]:
        """Absolute folders, and prefixes of object storage as they stand."""
        return tuple(
            source if is_object(source) else str((self.folder / source).absolute())
            for source in self.fleet.reads
        )


def _site_id(file: Path) -> str | None:
    """`id` under [site]; None where the file cannot be read, which is refused where the site is
    computed.
    """
    try:
        site_id = read_toml(file.read_text(encoding="utf-8-sig"))["site"]["id"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    return site_id if isinstance(site_id, str) else None


def _content(path: str) -> str:
    if not is_object(path):
        return Path(path).read_text(encoding="utf-8-sig")
    if (content := text(path)) is None:
        raise FileNotFoundError(Phrase("no such object"))
    return content


def load_fleet(path: str | Path) -> Fleet:
    """Read fleet.toml, of this machine or `s3://`; InputError (`fleet-unreadable`, `fleet-invalid`)
    names the key that is wrong, or is of what fetches."""
    try:
        raw = read_toml(_content(str(path)))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise InputError(
            "fleet-unreadable",
            "The fleet file cannot be read.",
            "Give the path of a fleet.toml, in UTF-8; docs/fleet.md has an example to start from.",
            place=Place(str(path)),
            found=fault_of(wrong),
            wanted=Phrase("a fleet.toml"),
        ) from wrong
    try:
        fleet = Fleet.model_validate({**raw, "folder": Path(path).parent})
        return fleet.of_storage(beside(str(path))) if is_object(str(path)) else fleet
    except ValidationError as wrong:
        fault = SettingFault(wrong, raw)
        raise InputError(
            "fleet-invalid",
            "The fleet file contradicts itself.",
            "Correct the key named; docs/fleet.md describes every key.",
            place=Place(str(path), column=fault.place(str(path)).column),
            found=fault.found,
            wanted=fault.wanted("docs/fleet.md"),
        ) from wrong
