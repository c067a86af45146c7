"""A pack by path that takes the name of a published one is refused; labels by a pack of the site's
own say so.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.errors import InputError
from reporting_agent.cli import main
from reporting_agent.config import load_site
from tests.unit.agent_read.small_works import Ran, labelled, of, took, works

SHIPPED = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
LOOSER = SHIPPED.replace("epsilon_best = 0.75", "epsilon_best = 0.5")
OWN = LOOSER.replace('version = "1"', 'version = "1-own"', 1)
MILL = {"cement-grinding": Ran(3600, [took("electricity", 31, "kWh")], {"blaine_m2_kg": 350.0})}


def account(folder: Path, pack: str) -> list[str]:
    settings = works(folder, "cement", MILL).path.read_text(encoding="utf-8")
    (folder / "own.toml").write_text(pack, encoding="utf-8")
    (folder / "site.toml").write_text(
        settings.replace('pack = "cement"', 'pack = "./own.toml"'), encoding="utf-8"
    )
    label = of(labelled(load_site(folder / "site.toml")), "cement-grinding")
    assert label.to_json()["grade"]["account"] == [remark.by_language for remark in label.account]
    return [
        remark.en for remark in label.account if "was made with the site's own pack" in remark.en
    ]


def test_a_published_name_with_another_content_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as refused:
        account(tmp_path, LOOSER)
    assert refused.value.code == "pack-name-taken"
    assert main(["pack", "check", str(tmp_path / "own.toml")]) == 1
    assert "the published pack of this name is a different one" in capsys.readouterr().err


@pytest.mark.parametrize(("pack", "expected"), [(SHIPPED, 0), (OWN, 1)], ids=["a copy", "its own"])
def test_a_label_by_a_pack_of_its_own_says_so_and_by_a_copy_does_not(
    tmp_path: Path, pack: str, expected: int
) -> None:
    assert len(account(tmp_path, pack)) == expected
