"""Which folders a fleet's worker may read: inputs and prices outside the site's own and those of
fleet.toml are refused, links followed.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.errors import InputError, Place
from extras.fleet.unchanged_sites import patterns_of, price_files_of
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline.inputs import paths_of
from reporting_agent.sources.object_storage import is_object


def require_readable(site: SiteSettings, folders: tuple[str, ...]) -> None:
    """Refuse inputs and prices outside the site's folder and those of fleet.toml: a site.toml must
    not choose what a worker reads.
    """
    for pattern in patterns_of(site):
        for path in [pattern] if is_object(pattern) else paths_of(site, pattern):
            _require_in(folders, path, Place(str(site.path), column="inputs", named="[inputs]"))
    for path in price_files_of(site):
        _require_in(
            folders, path, Place(str(site.path), column="tariff.series", named="[[tariff.series]]")
        )


def _require_in(folders: tuple[str, ...], path: Path | str, place: Place) -> None:
    if not any(_is_in(path, folder) for folder in folders):
        raise InputError(
            "fleet-input-outside",
            "This input is outside the folders that a worker may read.",
            "Name its folder in `reads` under [fleet] of fleet.toml, or move it to the folder of "
            "its site.toml.",
            place=place,
            found=str(path),
            wanted=", ".join(folders),
        )


def _is_in(path: Path | str, folder: str) -> bool:
    if isinstance(path, str) or is_object(folder):
        return isinstance(path, str) and path.startswith(folder.rstrip("/") + "/")
    return path.resolve().is_relative_to(Path(folder).resolve())
