"""Step labels as a submodel of the Asset Administration Shell, read back by its makers' code with
strict checks.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from basyx.aas import model
from basyx.aas.adapter import aasx
from basyx.aas.adapter.json import read_aas_json_file

from benchmarks.errors import InputError
from benchmarks.measurements import Period
from extras.exports import carbon, shells
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.config import load_site
from tests.grinding_works import hourly, meter, works


@pytest.fixture(scope="module")
def out(mill: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aas")
    assert (
        main(["export", "aas", "--site", str(mill), "--period", "2026-01", "--out", str(folder)])
        == 0
    )
    return folder


def grinding(store: Any) -> Any:
    submodel = store.get_item("urn:steplabel:site:works:step-labels:2026-01")
    (step,) = (
        element
        for element in submodel.submodel_element
        if isinstance(element, model.SubmodelElementCollection)
    )
    return step


def test_basyx_reads_it_strictly_with_figures_and_units(out: Path) -> None:
    """Thirty kWh/t on average at 0.5 kg CO2/kWh: 15 kg CO2 a tonne."""
    with (out / "step-labels.json").open(encoding="utf-8") as file:
        step = grinding(read_aas_json_file(file, failsafe=False))
    values = {
        element.id_short: element for element in step.value if isinstance(element, model.Property)
    }
    assert values["Step"].value == "cement-grinding"
    assert values["Co2OfEnergyTakenIn"].value == pytest.approx(15.0, rel=0.01)
    assert [qualifier.value for qualifier in values["Co2OfEnergyTakenIn"].qualifier] == ["kg CO2/t"]
    assert values["Output"].value == 60 * 100
    (electricity,) = next(
        element for element in step.value if element.id_short == "EnergyByCarrier"
    ).value
    amounts = {amount.id_short: amount.value for amount in electricity.value}
    assert (amounts["Carrier"], amounts["Quantity"]) == ("electricity", pytest.approx(180_000))
    assert amounts["Co2Factor"] == "own supply 2026"


def test_the_package_holds_the_same(out: Path) -> None:
    store: model.DictIdentifiableStore[model.Identifiable] = model.DictIdentifiableStore()
    with aasx.AASXReader(
        io.BytesIO((out / "step-labels.aasx").read_bytes()), failsafe=False
    ) as reader:
        reader.read_into(store, aasx.DictSupplementaryFileContainer())  # type: ignore[no-untyped-call]
    assert {type(entry).__name__ for entry in store} == {"AssetAdministrationShell", "Submodel"}
    assert grinding(store).id_short == "cement_grinding_cement_any"


def test_it_says_that_it_is_partial(out: Path) -> None:
    summary = json.loads((out / "export.json").read_text(encoding="utf-8"))
    assert summary["partial"] is True
    assert "carbon of materials" in summary["not_in_it"]
    assert "does not claim to follow an IDTA template" in summary["stands_on"]["en"]


@pytest.mark.parametrize(
    ("parts", "wanted"), [(("eaf", "", ""), "eaf"), (("2nd mill", "a/b"), "S_2nd_mill_a_b")]
)
def test_names_are_those_that_the_metamodel_allows(parts: tuple[str, ...], wanted: str) -> None:
    assert shells.short_id(*parts) == wanted
    model.Property(shells.short_id(*parts), str, "x")  # basyx refuses others


def test_products_named_in_another_script_have_names_of_their_own(mill: Path) -> None:
    """Of one length, and all that the metamodel allows of them is underscores."""
    site = load_site(mill)
    period = Period.parse("2026-01", site.zone)
    (step,) = carbon.of_steps(site, pipeline.label(site, period))
    steps = [
        replace(step, label=replace(step.label, product=product))
        for product in ("高线", "螺纹", "p.o 42", "p-o.42", "x" * 200)
    ]
    for order in (steps, steps[::-1]):
        raw = io.StringIO(shells.as_json(site.id, period, order).decode())
        submodel: Any = read_aas_json_file(raw, failsafe=False).get_item(
            "urn:steplabel:site:works:step-labels:2026-01"
        )
        names = {
            element.id_short
            for element in submodel.submodel_element
            if isinstance(element, model.SubmodelElementCollection)
        }
        assert names == set(
            shells.short_ids(
                [(entry.label.step, entry.label.product, entry.label.variant) for entry in steps]
            )
        )
        assert len(names) == len(steps)
    assert (
        shells.short_ids([("eaf", "高线", "")])
        == shells.short_ids([("eaf", "高线", ""), ("eaf", "螺纹", "")])[:1]
    )


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "find_spec", lambda _: None)
    with pytest.raises(InputError) as refused:
        shells.refuse_without_library()
    assert refused.value.code == "export-needs-extra"
    assert "pip install basyx-python-sdk" in str(refused.value)


def test_a_carrier_without_a_factor_is_named_once_and_in_the_readers_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Electricity in kWh and in MWh, of a works that names no country."""
    readings = hourly("m1", 40, lambda _: 125.0) + hourly("m2", 40, lambda _: 0.01)
    site = works(tmp_path, [meter("m1"), meter("m2", unit="MWh")], readings)
    site.write_text(
        site.read_text(encoding="utf-8").replace('[emissions]\ncountry = "CN"\n', ""),
        encoding="utf-8",
    )
    arguments = (
        "export",
        "aas",
        "--site",
        str(site),
        "--period",
        "2026-01",
        "--out",
        str(tmp_path / "out"),
    )
    assert main(arguments) == 0
    assert "there is no factor for electricity." in capsys.readouterr().out
    assert main([*arguments, "--lang", "zh"]) == 0
    answer = capsys.readouterr().out
    assert "electricity" not in answer
    assert "carbon of materials" not in answer
