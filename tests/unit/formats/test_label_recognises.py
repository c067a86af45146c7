"""`check` and `label` read what `map` knows: a file without a mapping is recognised, asked about,
or refused with the line to add.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.config.site import settings_digest

HEATS = """Schmelze;Beginn;Ende;Gewicht ({unit});Strom (MWh)
H1;14.05.2016 08:00;14.05.2016 08:50;122,5;48,0
H2;14.05.2016 09:00;14.05.2016 09:50;121,25;47,0
"""
METERS = """Zeit;{header}
14.05.2016 08:00;100000,0
14.05.2016 08:50;148000,5
14.05.2016 09:50;195000,5
14.05.2016 10:00;195000,5
"""
BATCHES = (
    "batch_id,step,start,end,output_quantity,output_unit\nH1,eaf,2016-05-14 08:00,2016-05-14 "
    "08:50,122.5,t\n"
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def works(tmp_path: Path) -> Any:
    """A site.toml that names files and has no mapping; gives its path."""

    def write_site(
        more: str = "", inputs: str = 'batches = "heats.csv"\nenergy = "heats.csv"\n', **files: str
    ) -> Path:
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        site = tmp_path / "site.toml"
        site.write_text(
            '[site]\nid = "w"\ntimezone = "Europe/Berlin"\npack = '
            f'"steel"\n[inputs]\n{inputs}{more}',
            encoding="utf-8",
        )
        return site

    return write_site


def command(name: str, site: Path, *more: str) -> int:
    period = ["--period", "2016"] if name == "label" else []
    return main([name, "--site", str(site), *period, "--out", str(site.parent / "out"), *more])


@pytest.mark.parametrize("name", ["check", "label"])
def test_what_nobody_can_know_is_asked_for_by_the_line_to_add(
    works: Any, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site = works(heats=HEATS.format(unit="ton"))
    assert command(name, site, "--json") == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "answers-wanted"
    for line in (
        "[answers]",
        '"step" = "…"',
        '"batches.output_unit" = "…"  # t | short_ton | long_ton',
    ):
        assert line in error["remedy"]
    assert not (site.parent / "out").exists()


@pytest.mark.parametrize("name", ["check", "label"])
def test_with_the_lines_added_the_file_is_read_and_what_was_taken_is_said(
    works: Any, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site = works(
        '[answers]\nstep = "eaf"\nbatches.output_unit = "short_ton"\n',
        heats=HEATS.format(unit="ton"),
    )
    assert command(name, site) == 0
    output = capsys.readouterr().err
    assert "because '122,5': no group has other than three digits" in output
    assert "a report is made only of what stands there" in output
    pasted = (
        output.split("Paste into site.toml:\n\n")[1]
        .split("\n\nfound ")[0]
        .split("\n\nNothing")[0]
        .split("labelling")[0]
    )
    with site.open("a", encoding="utf-8") as file:
        file.write(f"\n{pasted}")
    data = pipeline.read(load_site(site))  # what stands there now reads by itself
    assert [(batch.batch_id, round(batch.output, 3)) for batch in data.batches] == [
        ("H1", 111.13),
        ("H2", 109.996),
    ]
    assert [energy.unit for batch in data.batches for energy in batch.energy] == ["MWh", "MWh"]


def test_on_a_terminal_it_asks_what_map_asks(
    works: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("rolling\neaf\nt\neaf\n"))
    assert command("check", works(heats=HEATS.format(unit="ton"))) == 0
    output = capsys.readouterr().err
    assert (
        output.count("Which step of your pack") == 3
    )  # rolling is none of the pack's; batches and energy are asked each
    assert (
        "1,000 kg (t), 907.18 kg (short_ton) or 1,016.05 kg (long_ton)? [t / short_ton / long_ton; "
        in output
    )


def test_who_ends_the_input_is_told_the_line_to_add(
    works: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert command("check", works(heats=HEATS.format(unit="t"))) == 1
    assert '"step" = "…"' in capsys.readouterr().err


def test_a_declared_mapping_is_the_last_word_and_so_is_the_template(
    works: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        command(
            "check",
            works(
                '[mapping.batches]\nheader_row = 1\n[answers]\nstep = "eaf"\n',
                heats=HEATS.format(unit="t"),
            ),
        )
        == 1
    )
    assert "column-missing" in capsys.readouterr().err
    template = BATCHES + "H2,eaf,14.05.2016 09:00,,121.5,t\n"
    energy = "batch_id,step,carrier,quantity,unit\nH1,eaf,electricity,48000,kWh\n"
    assert (
        command(
            "check", works(inputs='batches = "b.csv"\nenergy = "e.csv"\n', b=template, e=energy)
        )
        == 0
    )
    assert "because" not in capsys.readouterr().err


METER = (
    '[[meters]]\nid = "main-1"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\nunit '
    '= "{unit}"\n'
)
METERED = 'batches = "batches.csv"\nreadings = "meters.csv"\n'


def test_a_meter_is_known_by_its_name_with_a_unit_behind_it(
    works: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    site = works(
        METER.format(unit="kWh"),
        METERED,
        batches=BATCHES,
        meters=METERS.format(header="Main 1 [kWh]"),
    )
    assert command("label", site) == 0
    assert 'main-1 = "Main 1 [kWh]"' in capsys.readouterr().err


def test_a_unit_of_the_file_that_is_not_the_declared_one_is_refused(
    works: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    site = works(
        METER.format(unit="MWh"),
        METERED,
        batches=BATCHES,
        meters=METERS.format(header="Main 1 [kWh]"),
    )
    assert command("label", site, "--json") == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["found"], error["wanted"]) == ("unit-differs", "kWh", "MWh")


def test_which_column_is_the_meter_is_asked_where_no_name_says_it(
    works: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"batches": BATCHES, "meters": METERS.format(header="Trafo A")}
    assert command("check", works(METER.format(unit="kWh"), METERED, **files)) == 1
    assert '"readings.meters.main-1" = "…"  # Trafo A' in capsys.readouterr().err
    assert (
        command(
            "check",
            works(
                f'{METER.format(unit="kWh")}[answers]\nreadings.meters.main-1 = "Trafo A"\n',
                METERED,
                **files,
            ),
        )
        == 0
    )


def test_answers_are_no_part_of_the_settings_that_a_report_commits_to(works: Any) -> None:
    bare = load_site(works(heats=""))
    assert settings_digest(bare) == settings_digest(
        load_site(works('[answers]\nstep = "eaf"\n', heats=""))
    )
