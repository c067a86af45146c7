"""What an export says of a label that rests on runs to come, or that a change puts in question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extras.exports.tests.unit.test_footprints import OTHER_GASES, SETTINGS
from reporting_agent.cli import main
from tests.unit.agent_read.test_runs_later_than_now import next_year
from tests.unit.changes.test_changes import scaled

__all__ = ["scaled"]


@pytest.mark.parametrize("kind", ["aas", "pact"])
def test_an_export_holds_them_among_its_remarks(tmp_path: Path, kind: str) -> None:
    site, year = next_year(tmp_path)
    (tmp_path / "footprint.toml").write_text(
        SETTINGS.format(complete="true", more=OTHER_GASES), encoding="utf-8"
    )
    more = ["--footprint", str(tmp_path / "footprint.toml")] if kind == "pact" else []
    assert (
        main(
            [
                "export",
                kind,
                "--site",
                str(site.path),
                "--period",
                year,
                "--out",
                str(tmp_path / "out"),
                *more,
            ]
        )
        == 0
    )
    remarks = json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))["remarks"]
    assert any("begin later than now" in str(remark) for remark in remarks)


@pytest.mark.slow
def test_no_footprint_is_written_of_a_label_in_question_and_a_shell_marks_it(
    scaled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "footprint.toml"
    of_variant = SETTINGS.replace(
        'step = "cement-grinding"', 'step = "cement-grinding"\nvariant = "portland"'
    )
    settings.write_text(of_variant.format(complete="true", more=OTHER_GASES), encoding="utf-8")
    site = scaled / "with-factor.toml"
    factor = (
        '\n[[emissions.electricity]]\nfrom = 2025-01-01\nkg_per_kwh = 0.5\nsource = "own supply"\n'
    )
    site.write_text((scaled / "site.toml").read_text(encoding="utf-8") + factor, encoding="utf-8")
    arguments = ["--site", str(site), "--period", "2025", "--out", str(tmp_path / "out"), "--json"]
    for kind in ("pact", "catena-x"):
        assert main(["export", kind, *arguments, "--footprint", str(settings)]) == 4
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "change-unanswered"
    assert not (tmp_path / "out").exists()
    assert main(["export", "aas", *arguments]) == 0
    (remark,) = [
        entry
        for entry in json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))[
            "remarks"
        ]
        if "question" in str(entry)
    ]
    assert "cement-grinding" in str(remark)
    assert "t per hour are 1.08" in str(remark)
    assert '"idShort": "InQuestion"' in (tmp_path / "out" / "step-labels.json").read_text(
        encoding="utf-8"
    )
