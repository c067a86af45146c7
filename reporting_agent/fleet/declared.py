"""fleet.toml: which sites, and the tables of site.toml that they share.

[fleet]
name = "Example Group"

[[sites]]
file = "works-a/site.toml"

[inherit.tariff]                # a table that a site.toml lacks; one that it has stands as it is, whole
currency = "CNY"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from benchmarks.errors import InputError, Place
from reporting_agent.config import Site
from reporting_agent.config.profile import Setting
from reporting_agent.sources.object_storage import is_object

NEVER_SHARED = frozenset({"site", "inputs", "meters", "scales", "events", "lhv", "path"})
"""Tables that say what one site is, measures and lived through."""


class FleetSite(Setting):
    """[[sites]]: a site.toml, relative to fleet.toml or s3://BUCKET/PATH, and for `status` where its state is, or the file that says how
    it stands."""

    file: str = Field(min_length=1)
    state: str = Field(default="state", min_length=1)
    """The agent's state directory, relative to the site.toml."""
    status: str | None = Field(default=None, min_length=1)
    """What `status --out` wrote at a site whose agent works on another machine, relative to fleet.toml."""


class Named(Setting):
    """[fleet]: how the group is called in its report, and what else its workers may read."""

    name: str = Field(min_length=1, max_length=80)
    reads: tuple[str, ...] = ()
    """Folders beside those of the sites, relative to fleet.toml, and s3://BUCKET/PATH, that workers of a cluster may read inputs from."""


class Fleet(Setting):
    """A whole fleet.toml, with the folder its paths start from."""

    fleet: Named
    sites: tuple[FleetSite, ...] = Field(min_length=1)
    inherit: dict[str, Any] = Field(default_factory=dict)
    folder: Path

    @field_validator("sites")
    @classmethod
    def _each_once(cls, sites: tuple[FleetSite, ...]) -> tuple[FleetSite, ...]:
        files = [site.file for site in sites]
        if twice := sorted({file for file in files if files.count(file) > 1}):
            raise ValueError(f"must name every site once; {twice[0]!r} stands twice")
        return sites

    @field_validator("inherit")
    @classmethod
    def _tables_that_can_be_shared(cls, inherit: dict[str, Any]) -> dict[str, Any]:
        shared = sorted(set(Site.model_fields) - NEVER_SHARED)
        if unknown := sorted(set(inherit) - set(shared)):
            raise ValueError(f"must be tables that sites can share ({unknown[0]!r} is none): {', '.join(shared)}")
        return inherit

    def files(self) -> tuple[str, ...]:
        """Each site.toml: its path, or its address in object storage."""
        return tuple(site.file if is_object(site.file) else str(self.folder / site.file) for site in self.sites)

    def reads(self) -> tuple[str, ...]:
        """Absolute folders, and prefixes of object storage as they stand."""
        return tuple(one if is_object(one) else str((self.folder / one).absolute()) for one in self.fleet.reads)


def load_fleet(path: str | Path) -> Fleet:
    """Read fleet.toml; InputError (`fleet-unreadable`, `fleet-invalid`) names the key that is wrong."""
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise InputError(
            "fleet-unreadable",
            "The fleet file cannot be read.",
            "Give the path of a fleet.toml, in UTF-8; docs/fleet.md has an example to start from.",
            place=Place(str(path)),
            found=str(wrong),
            wanted="a fleet.toml",
        ) from wrong
    try:
        return Fleet.model_validate({**raw, "folder": path.parent})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        raise InputError(
            "fleet-invalid",
            "The fleet file contradicts itself.",
            "Correct the key named; docs/fleet.md describes every key.",
            place=Place(str(path), column=".".join(str(part) for part in first["loc"]) or None),
            found=repr(first.get("input"))[:120],
            wanted=first["msg"].removeprefix("Value error, "),
        ) from wrong
