"""Where a site lies and its results go, folders or object storage (`s3://BUCKET/PATH`); a missing
bucket or full disk is refused.

A site.toml in object storage is fetched with what lies beside it as TOML (packs of its own), and
its inputs, where they are relative, are objects beside it. Results are put there once all of them
are made, `outcome.json` last.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.report import writing
from reporting_agent.sources import object_storage
from reporting_agent.sources.object_storage import beside, is_object, joined


def site_at(file: str, inherit: Mapping[str, Any]) -> SiteSettings:
    """The site of a site.toml on this machine or in object storage. InputError as of `load_site`
    and of what fetches.
    """
    if not is_object(file):
        try:
            return load_site(file, inherit)
        except InputError as refusal:
            if isinstance(refusal.__cause__, FileNotFoundError):
                refusal.remedy = Phrase(
                    "Correct `file` under [[sites]] of fleet.toml, or put the site.toml there."
                )
            raise
    place = Place(file)
    (copy,) = object_storage.fetched(file, place)
    object_storage.fetched(f"{beside(file)}/*.toml", place)
    site = load_site(copy, inherit)
    files = site.inputs.model_dump(exclude={"source"}, exclude_none=True)
    moved = {
        name: joined(beside(file), pattern)
        if isinstance(pattern, str)
        else tuple(joined(beside(file), each) for each in pattern)
        for name, pattern in files.items()
    }
    return site.model_copy(update={"inputs": site.inputs.model_copy(update=moved)})


def require_there(out: str) -> None:
    """Make the folder, or refuse a bucket that is not there, or a full disk, before hours of work
    are done. InputError says which.
    """
    if is_object(out):
        object_storage.require_bucket(out)
    else:
        writing.require_room(writing.folder(Path(out)))


def read(out: str, name: str) -> str | None:
    """A text among results; None where there is none."""
    if is_object(out):
        return object_storage.text(f"{out}/{name}")
    try:
        return (Path(out) / name).read_text(encoding="utf-8")
    except OSError:
        return None


@contextmanager
def results(out: str, last: str | None = None) -> Iterator[Path]:
    """A folder of this machine to write results into, which has room: for a full disk no site is
    computed. Those of object storage are put there on leaving, `last` after all others."""
    if not is_object(out):
        folder = writing.folder(Path(out))
        writing.require_room(folder)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="steplabel-results-") as name:
        yield Path(name)
        files = sorted(path for path in Path(name).iterdir() if path.is_file())
        for path in sorted(files, key=lambda path: path.name == last):
            object_storage.put(path, f"{out}/{path.name}")
