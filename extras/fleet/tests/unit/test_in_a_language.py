"""What is wrong with fleet.toml is said in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import InputError
from extras.fleet.fleet_settings import load_fleet
from tests.unit.languages.conftest import language
from tests.unit.languages.test_third_language import english

__all__ = ["language"]

OWN = ("docs/fleet.md", "degC")


def test_a_fault_of_fleet_toml_is_told_in_it(language: str, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.toml"
    fleet.write_text(
        '[fleet]\nname = "G"\n[[sites]]\nfile = "a"\n[[sites]]\nfile = "a"\n', encoding="utf-8"
    )
    with pytest.raises(InputError) as refused:
        load_fleet(fleet)
    assert english(refused.value.in_words(language), str(tmp_path), *OWN, "sites", "file") == set()
    fleet.write_text('[fleet]\nname = "G"\n', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_fleet(fleet)
    assert english(refused.value.in_words(language), str(tmp_path), *OWN, "sites") == set()
