"""Carriers that a pack brings along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.carriers import CARRIERS, brought
from benchmarks.errors import InputError
from benchmarks.materials import OwnCarrier
from reporting_agent import pipeline
from reporting_agent.config import load_site

SITE = """
[site]
id = "works-9"
timezone = "UTC"
pack = "PACK"
[inputs]
batches = "batches.csv"
energy = "energy.csv"
"""


def version(folder: Path, number: int, **own: object) -> Path:
    """Steel of which a version of the plant's own brings a synthetic gas along, with other values
    in each.
    """
    path = folder / f"own-{number}.toml"
    carrier = "".join(f"{key} = {value}\n" for key, value in own.items())
    gas = (
        '\n[[own_carriers]]\nid = "syn-gas"\nkind = "gas"\nunit = "Nm3"\nnames = { en = '
        '"synthetic gas", zh = "合成气" }\n'
    )
    text = (packs.HOME / "steel.toml").read_text(encoding="utf-8")
    path.write_text(
        text.replace('version = "1"', f'version = "1-own-{number}"', 1) + gas + carrier,
        encoding="utf-8",
    )
    return path


@pytest.fixture
def _another_version_was_read() -> Iterator[None]:
    own = {
        "id": "syn-gas",
        "kind": "gas",
        "unit": "Nm3",
        "names": {"en": "synthetic gas", "zh": "合成气"},
    }
    with brought(
        [OwnCarrier.model_validate({**own, "lhv": {"least": 3, "most": 4}, "kg_per_nm3": 9.0})]
    ):
        yield


def test_a_pack_that_is_only_looked_at_leaves_no_carrier_behind() -> None:
    wrong = OwnCarrier.model_validate(
        {"id": "test-gas", "kind": "gas", "unit": "kg", "names": {"en": "test gas", "zh": "试验气"}}
    )
    with brought([wrong]) as clashing:
        assert clashing == ()
        assert "test-gas" in CARRIERS
    assert "test-gas" not in CARRIERS


@pytest.mark.usefixtures("_another_version_was_read")
def test_each_version_of_a_pack_goes_by_its_own_heating_value_of_its_own_carrier(
    tmp_path: Path,
) -> None:
    """Whichever was read first in a process: the portal reads all versions, a fleet those of its
    sites.
    """
    first, second = (
        packs.load(str(version(tmp_path, number, lhv=f"{{ least = {least}, most = {most} }}")))
        for number, least, most in ((1, 10, 14), (2, 16, 20))
    )
    for pack, sound, impossible in ((first, 12, 18), (second, 18, 12)):
        assert packs.factors(pack).impossible("syn-gas", sound, "Nm3") is None
        assert packs.factors(pack).impossible("syn-gas", impossible, "Nm3") is not None
    usual = '\n[[heating_values]]\ncarrier = "syn-gas"\nleast = 11\ntypical = 12\nmost = 13\n'
    usual += 'source = "producer-heat"\n'
    wrong = tmp_path / "own-3.toml"
    wrong.write_text(
        version(tmp_path, 3, lhv="{ least = 16, most = 20 }").read_text(encoding="utf-8") + usual,
        encoding="utf-8",
    )
    with pytest.raises(InputError) as refused:
        packs.load(str(wrong))
    assert refused.value.place is not None
    assert refused.value.place.column == "heating_values[syn-gas]"


@pytest.mark.usefixtures("_another_version_was_read")
@pytest.mark.parametrize(("number", "kg_per_nm3"), [(4, 1.25), (5, 0.5)])
def test_each_version_of_a_pack_goes_by_its_own_density_of_its_own_carrier(
    tmp_path: Path, number: int, kg_per_nm3: float
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        SITE.replace("PACK", str(version(tmp_path, number, kg_per_nm3=kg_per_nm3))),
        encoding="utf-8",
    )
    (tmp_path / "batches.csv").write_text(
        "batch_id,step,start,end,output_quantity,output_unit,input.syn-gas,input.syn-gas.unit\n"
        "1,eaf,2026-03-01 10:00,2026-03-01 11:00,120,t,4000,Nm3\n",
        encoding="utf-8",
    )
    (tmp_path / "energy.csv").write_text(
        "batch_id,step,carrier,quantity,unit\n1,eaf,electricity,48000,kWh\n", encoding="utf-8"
    )
    (batch,) = pipeline.read(load_site(site)).batches
    assert batch.variables["input.syn-gas"] == pytest.approx(4 * kg_per_nm3)
