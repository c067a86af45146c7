"""site.toml: what is wrong is named by its key, with what was found and what is wanted."""

from pathlib import Path

import pytest

from benchmarks.errors import InputError
from reporting_agent.config import load_site
from reporting_agent.pipeline import pack_of

GOOD = """
[site]
id = "works-2"
timezone = "Asia/Shanghai"
pack = "steel"

[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""

METER = (
    '[[meters]]\nid = "m1"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\nunit = '
    '"kWh"\n'
)


def refusal(tmp_path: Path, text: str) -> InputError:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_site(path)
    return caught.value


def test_a_good_site_is_read_and_its_paths_start_from_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("\ufeff" + GOOD + METER, encoding="utf-8")
    site = load_site(path)
    assert (site.id, site.pack, str(site.zone), site.folder) == (
        "works-2",
        "steel",
        "Asia/Shanghai",
        tmp_path,
    )


@pytest.mark.parametrize(
    ("text", "column", "value", "wanted"),
    [
        (GOOD.replace("Asia/Shanghai", "Beijing time"), "site.timezone", "'Beijing time'", "IANA"),
        (GOOD.replace('pack = "steel"\n', ""), "site.pack", "nothing", "this key"),
        (GOOD + '[sites]\nid = "x"\n', "sites", "does not know", "docs/agent.md"),
        (GOOD + METER.replace("register", "counter"), "meters.0.reading", "'counter'", "register"),
        (GOOD + METER + "range = [5.0, 1.0]\n", "meters.0.range", "", "[lowest, highest]"),
        (GOOD + METER + METER, None, "", "'m1' stands twice"),
        (GOOD + 2 * '[[equipment]]\nid = "eaf-1"\n', None, "", "'eaf-1' stands twice"),
        (
            GOOD.replace('energy = "energy.csv"\n', ""),
            "inputs",
            "",
            "readings of meters, energy per batch",
        ),
        (GOOD + 'log = "log.csv"\n', "inputs", "", "log stands alone"),
        (GOOD + 'readings = "r.csv"\n', None, "", "no [[meters]]"),
        (
            GOOD + '[mapping.batches]\ncolums = { a = "b" }\n',
            "mapping.batches.colums",
            "does not know",
            "docs/agent.md",
        ),
        (GOOD + '[mapping.batches]\ndecimal = ";"\n', "mapping.batches.decimal", "';'", "','"),
        (
            GOOD.replace("Asia/Shanghai", "Asia"),
            "site.timezone",
            "'Asia'",
            "IANA",
        ),  # a folder of zones
        (
            GOOD + '[runs]\nshift_starts = ["22:00", "06:00"]\n',
            "runs.shift_starts",
            "",
            "order of the day",
        ),
        (
            GOOD + '[runs]\nshift_starts = ["22:00", "6:00"]\n',
            "runs.shift_starts",
            "",
            "order of the day",
        ),
        (
            GOOD + '[runs]\nshift_starts = ["06:5"]\n',
            "runs.shift_starts",
            "",
            "clock times such as 06:00",
        ),
    ],
)
def test_a_wrong_key_is_named(
    tmp_path: Path, text: str, column: str | None, value: str, wanted: str
) -> None:
    error = refusal(tmp_path, text)
    assert error.code == "site-invalid"
    assert error.place is not None
    assert error.place.column == column
    assert value in error.found
    assert wanted in error.wanted


def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, "[site\nid=1")
    assert error.code == "site-not-toml"
    assert "line 1" in error.found


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="steplabel-agent label FILE"):
        load_site(tmp_path / "site.toml")


def test_a_power_is_no_energy_of_a_batch(tmp_path: Path) -> None:
    """Refused before a row is read, by what to map instead."""
    mapped = '[mapping.energy.constants]\nunit = "MW"\n'
    (tmp_path / "site.toml").write_text(GOOD + mapped, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        pack_of(load_site(tmp_path / "site.toml"))
    refused = caught.value
    assert refused.code == "power-for-energy"
    assert (refused.found, refused.wanted) == ("MW", "MWh")
    corrected = mapped.replace("MW", refused.wanted)
    (tmp_path / "site.toml").write_text(GOOD + corrected, encoding="utf-8")
    assert pack_of(load_site(tmp_path / "site.toml")).id == "steel"
