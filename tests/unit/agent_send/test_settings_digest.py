"""The digest of a site's settings: what decides what a row means is part of it, where files lie is
not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import Field

from reporting_agent.config import SiteSettings, load_site
from reporting_agent.config.profile import Setting, newer
from reporting_agent.config.settings_digest import NO_PART, settings_digest

SITE = """
[site]
id = "works-2"
timezone = "Asia/Shanghai"
pack = "steel"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "eaf-1"
step = "eaf"
carrier = "electricity"
reading = "register"
unit = "kWh"
"""


def digest(folder: Path, text: str) -> bytes:
    folder.mkdir(exist_ok=True)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return settings_digest(load_site(folder / "site.toml"))


@pytest.mark.parametrize(
    ("here", "replacement"),
    [
        ("kWh", "MWh"),
        ('reading = "register"', 'reading = "interval"'),
        ("Asia/Shanghai", "Europe/Berlin"),
        ("[inputs]", "[steps.eaf]\nnot_used = ['oxygen']\n[inputs]"),
        ("[inputs]", "[mapping.batches.columns]\nbatch_id = 'Heat'\n[inputs]"),
    ],
    ids=["unit", "reading", "zone", "carrier not used", "mapping"],
)
def test_what_decides_what_a_row_means_is_part_of_it(
    tmp_path: Path, here: str, replacement: str
) -> None:
    assert here in SITE
    assert digest(tmp_path, SITE.replace(here, replacement, 1)) != digest(tmp_path, SITE)


@pytest.mark.parametrize(
    ("here", "replacement"),
    [
        ("batches.csv", "archive/2016/batches.csv"),
        ("[inputs]", "# a comment\n[inputs]"),
        ('id = "works-2"\ntimezone', 'batch_ids = "unique"\nid = "works-2"\ntimezone'),
    ],
    ids=["file", "comment", "default written out"],
)
def test_where_files_lie_and_how_it_is_written_is_no_part_of_it(
    tmp_path: Path, here: str, replacement: str
) -> None:
    assert here in SITE
    assert digest(tmp_path / "other", SITE.replace(here, replacement, 1)) == digest(
        tmp_path / "one", SITE
    )


class Newer(SiteSettings):
    standby_kw: float | None = newer(None, ge=0)


class Plain(SiteSettings):
    standby_kw: float | None = Field(default=None, ge=0)


def test_a_newer_key_changes_the_digest_of_those_alone_who_write_it(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    site = load_site(tmp_path / "site.toml")
    read = site.model_dump(by_alias=True)
    silent, written_out, set_to = (
        Newer.model_validate({**read, **key})
        for key in ({}, {"standby_kw": None}, {"standby_kw": 40})
    )
    assert settings_digest(silent) == settings_digest(written_out) == settings_digest(site)
    assert settings_digest(set_to) != settings_digest(site)
    assert settings_digest(Plain.model_validate(read)) != settings_digest(site)


def _committed(of: type[Setting] = Setting) -> Iterator[type[Setting]]:
    for kind in of.__subclasses__():
        package, _, module = kind.__module__.rpartition(".")
        if package == "reporting_agent.config" and module not in {
            *NO_PART,
            "price_series",
        }:  # which is of the tariff
            yield kind
            yield from _committed(kind)


def test_keys_that_every_digest_holds_are_those_that_sites_have_reported_with() -> None:
    keys = sorted(
        f"{kind.__name__}.{name} = {field.get_default(call_default_factory=True)!r}"
        for kind in _committed()
        for name, field in kind.model_fields.items()
        if field.exclude_if is None and not (kind is SiteSettings and name in NO_PART)
    )
    digest = hashlib.sha256("\n".join(keys).encode()).hexdigest()
    assert digest == "d9c6d2a69fb2f461e7c9433071c9d3cb06c2e11454dcf8f84b10fedd681a8a66", (
        "a new key is written with `newer` (config/profile.py); a key that is there keeps its "
        "name and default"
    )
