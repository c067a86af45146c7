"""Product footprints as PACT and Catena-X exchange them: what is known, what is declared, what is
assured, and what is refused.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from benchmarks.wire import attestations
from benchmarks.wire.attestations import AttestationWithdrawal, Opinion, ReportSubject
from benchmarks.wire.signing import AuditorSigningKey, key_id
from reporting_agent.cli import main
from tests.unit.wire.test_attestations import STATEMENT

KEY = AuditorSigningKey.generate()
SETTINGS = """
[company]
name = "Works"
ids = ["urn:bpn:id:BPNL000000000DWF"]
[product]
name = "Cement 42.5"
description = "Portland cement, in bulk"
ids = ["urn:gtin:4712345060507"]
classifications = ["urn:pact:productclassification:un-cpc:37440"]
cpc = "37440"
country = "CN"
region = "Eastern Asia"
fossil_carbon_kg_per_kg = 0.001
[accounting]
complete = {complete}
standards = ["PACT-3.0"]
standards_catena_x = ["Pathfinder v2"]
rules = ["Guideline of the sector, 2024"]
exempted_pct = 0.5
exempted_words = "office heating"
[[steps]]
step = "cement-grinding"
per_product = 1.0
[[outside]]
kind = "materials"
words = "Clinker bought"
kg_co2e_per_kg = 0.6
source = "supplier's footprint 2026"
primary = true
[[outside]]
kind = "process"
words = "No process emissions in grinding"
kg_co2e_per_kg = 0
source = "chemistry of the step"
{more}
"""
OTHER_GASES = (
    '[[outside]]\nkind = "other-gases"\nwords = "CH4 and N2O"\nkg_co2e_per_kg = 0.0\nsource = '
    '"electricity only"\n'
)
DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")


def _today() -> date:
    """The site's own day, by which a statement is in force: for a third of each day it is not the
    day in UTC.
    """
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "footprint.toml"
    file.write_text(SETTINGS.format(complete="true", more=OTHER_GASES), encoding="utf-8")
    return file


@pytest.fixture
def export(mill: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def run(kind: str, settings: Path, *more: str, status: int = 0) -> Any:
        out = tmp_path / "out"
        arguments = (
            "export",
            kind,
            "--site",
            str(mill),
            "--period",
            "2026-01",
            "--footprint",
            str(settings),
            "--out",
            str(out),
        )
        assert main([*arguments, *more, "--json"]) == status
        answer = json.loads(capsys.readouterr().out)
        return (
            json.loads((out / f"{kind}.json").read_text(encoding="utf-8"))
            if status == 0
            else answer["error"]["code"]
        )

    return run


def statement(tmp_path: Path, **changes: Any) -> Path:
    subject = ReportSubject("works", "2026-01", 1, "ab" * 32, ("cement-grinding",))
    of_today = {
        "issued_on": _today() - timedelta(days=5),
        "valid_until": _today() + timedelta(days=300),
        "surveillance_on": None,
    }
    attestation = replace(
        STATEMENT,
        subject=subject,
        performance=None,
        public_key=KEY.public_bytes,
        **(of_today | changes),
    )
    file = tmp_path / f"{attestation.digest[:8]}.cbor"
    file.write_bytes(attestations.sign(attestations.unsigned(attestation), KEY))
    return file


def test_a_footprint_is_the_steps_energy_and_what_the_firm_declares(
    settings: Path, export: Callable[..., Any]
) -> None:
    """30 kWh/t at 0.5 kg/kWh is 0.015 kg CO2 a kg; the clinker bought 0.6."""
    footprint = export("pact", settings)
    pcf = footprint["pcf"]
    assert float(pcf["pcfExcludingBiogenicUptake"]) == pytest.approx(0.615, rel=1e-3)
    assert (pcf["referencePeriodStart"], pcf["referencePeriodEnd"]) == (
        "2025-12-31T16:00:00Z",
        "2026-01-31T16:00:00Z",
    )
    assert (
        "Clinker bought: 0.6 kg CO2e/kg, supplier's footprint 2026"
        in pcf["boundaryProcessesDescription"]
    )
    assert {"name": "own supply 2026", "version": "as dated"} in pcf[
        "secondaryEmissionFactorSources"
    ]
    rules = [
        {
            "operator": "Other",
            "ruleNames": ["Guideline of the sector, 2024"],
            "otherOperatorName": "as named",
        }
    ]
    assert pcf["productOrSectorSpecificRules"] == rules, "a list, as the makers' schema has it"
    assert "verification" not in pcf
    assert "primaryDataShare" not in pcf


def test_numbers_and_names_are_as_the_specification_of_pact_writes_them(
    settings: Path, export: Callable[..., Any]
) -> None:
    footprint = export("pact", settings)
    for name in (
        "pcfExcludingBiogenicUptake",
        "pcfIncludingBiogenicUptake",
        "fossilGhgEmissions",
        "fossilCarbonContent",
        "exemptedEmissionsPercent",
    ):
        assert DECIMAL.fullmatch(footprint["pcf"][name]), name
    assert uuid.UUID(footprint["id"]).version == 4
    assert export("pact", settings)["id"] == footprint["id"], (
        "the same figures are the same footprint"
    )
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("= 0.6\n", "= 0.61\n"), encoding="utf-8"
    )
    assert export("pact", settings)["id"] != footprint["id"]


def test_the_makers_own_schema_accepts_it(settings: Path, export: Callable[..., Any]) -> None:
    """PACT's licence allows no copy of its schema here: name the file (JSON Schema of
    ProductFootprint) to check against it.
    """
    if (named := os.environ.get("STEPLABEL_PACT_SCHEMA")) is None:
        pytest.skip("STEPLABEL_PACT_SCHEMA names no file")
    schema = json.loads(Path(named).read_text(encoding="utf-8"))
    footprint = export("pact", settings)
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(footprint)] == []
    del footprint["pcf"]["fossilCarbonContent"]
    assert [error.validator for error in validator.iter_errors(footprint)] == ["required"]


def test_catena_x_has_all_that_the_aspect_model_requires(
    settings: Path, export: Callable[..., Any]
) -> None:
    """The mandatory properties of Pcf 7.0.0, as its public model names them."""
    footprint = export("catena-x", settings)
    assert set(footprint) >= {
        *(
            "id",
            "specVersion",
            "partialFullPcf",
            "version",
            "created",
            "extWBCSD_pfStatus",
            "companyName",
            "companyIds",
            "productIds",
        ),
        *("extWBCSD_productCodeCpc", "productName", "pcf"),
    }
    assert set(footprint["pcf"]) >= {
        *(
            "declaredUnit",
            "unitaryProductAmount",
            "productMassPerDeclaredUnit",
            "exemptedEmissionsPercent",
            "geographyRegionOrSubregion",
        ),
        *(
            "referencePeriodStart",
            "referencePeriodEnd",
            "crossSectoralStandardsUsed",
            "productOrSectorSpecificRules",
        ),
        *(
            "extWBCSD_characterizationFactors",
            "extTFS_allocationWasteIncineration",
            "secondaryEmissionFactorSources",
        ),
        *("extWBCSD_packagingEmissionsIncluded", "pcfExcludingBiogenic"),
    }
    assert footprint["pcf"]["pcfExcludingBiogenic"] == pytest.approx(0.615, rel=1e-3)
    assert footprint["specVersion"] == "urn:io.catenax.pcf:datamodel:version:7.0.0"


@pytest.mark.parametrize("change", [("complete = true", "complete = false"), (OTHER_GASES, "")])
def test_a_part_is_not_passed_off_as_a_whole(
    change: tuple[str, str], settings: Path, export: Callable[..., Any]
) -> None:
    settings.write_text(settings.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    assert export("pact", settings, status=1) == "footprint-partial"
    assert export("catena-x", settings, status=1) == "footprint-partial"


def test_the_share_whose_energy_is_attested_is_an_attribute(
    settings: Path, tmp_path: Path, export: Callable[..., Any]
) -> None:
    file = statement(tmp_path)
    footprint = export(
        "pact", settings, "--statement", str(file), "--auditor", key_id(KEY.public_bytes)
    )
    (extension,) = footprint["extensions"]
    assert extension["data"]["assuredShare"] == pytest.approx(0.015 / 0.615, rel=0.01)
    assert extension["data"]["assuredSteps"] == ["cement-grinding"]
    (attestation,) = extension["data"]["statements"]
    assert (attestation["opinion"], attestation["assurance"], attestation["report"]["period"]) == (
        "qualified",
        "reasonable",
        "2026-01",
    )
    assert "not of factors" in extension["data"]["meaning"]
    beside = export(
        "catena-x", settings, "--statement", str(file), "--auditor", key_id(KEY.public_bytes)
    )
    assert beside["pcf"]["extSTEPLABEL_assured"] == extension["data"]
    assert export("pact", settings)["extensions"][0]["data"]["assuredShare"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ReportSubject("other", "2026-01", 1, "ab" * 32, ("cement-grinding",))},
        {"subject": ReportSubject("works", "2025", 1, "ab" * 32, ("cement-grinding",))},
        {"valid_until": _today() - timedelta(days=1)},
    ],
)
def test_a_statement_on_something_else_assures_nothing(
    changes: dict[str, Any], settings: Path, tmp_path: Path, export: Callable[..., Any]
) -> None:
    file = statement(
        tmp_path, **{name: value for name, value in changes.items() if name != "subject"}
    )
    if "subject" in changes:
        attestation = replace(
            STATEMENT,
            performance=None,
            surveillance_on=None,
            public_key=KEY.public_bytes,
            subject=changes["subject"],
        )
        attestation = replace(
            attestation,
            issued_on=_today() - timedelta(days=5),
            valid_until=_today() + timedelta(days=9),
        )
        file.write_bytes(attestations.sign(attestations.unsigned(attestation), KEY))
    refused = export(
        "pact", settings, "--statement", str(file), "--auditor", key_id(KEY.public_bytes), status=1
    )
    assert refused == "footprint-statement-unusable"


def test_a_statement_is_in_force_up_to_and_with_its_last_day(
    settings: Path, tmp_path: Path, export: Callable[..., Any]
) -> None:
    file = statement(tmp_path, valid_until=_today())
    footprint = export(
        "pact", settings, "--statement", str(file), "--auditor", key_id(KEY.public_bytes)
    )
    assert footprint["extensions"][0]["data"]["assuredShare"] > 0


def test_whose_key_signed_and_whether_it_was_withdrawn_counts(
    settings: Path, tmp_path: Path, export: Callable[..., Any]
) -> None:
    file = statement(tmp_path)
    other = key_id(AuditorSigningKey.generate().public_bytes)
    assert (
        export("pact", settings, "--statement", str(file), "--auditor", other, status=1)
        == "footprint-statement-unusable"
    )
    attestation = attestations.read(file.read_bytes())
    back = tmp_path / "back.cbor"
    withdrawal = AttestationWithdrawal(
        attestation.digest, "The meters were another's.", _today(), KEY.public_bytes
    )
    back.write_bytes(attestations.sign(attestations.unsigned(withdrawal), KEY))
    own = (
        "--statement",
        str(file),
        "--statement",
        str(back),
        "--auditor",
        key_id(KEY.public_bytes),
    )
    assert export("pact", settings, *own, status=1) == "footprint-statement-unusable"
    adverse = statement(tmp_path, opinion=Opinion.ADVERSE)
    footprint = export(
        "pact", settings, "--statement", str(adverse), "--auditor", key_id(KEY.public_bytes)
    )
    assert footprint["extensions"][0]["data"]["assuredShare"] == 0, (
        "an adverse opinion assures nothing"
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (('step = "cement-grinding"', 'step = "clinker-burning"'), "footprint-step-unknown"),
        (("exempted_pct = 0.5", "exempted_pct = 7"), "footprint-settings-invalid"),
        (
            ("[[outside]]", '[[steps]]\nstep = "cement-grinding"\nper_product = 0.1\n[[outside]]'),
            "footprint-settings-invalid",
        ),  # twice
        (
            ('ids = ["urn:gtin:4712345060507"]', 'ids = ["4712345060507"]'),
            "footprint-settings-invalid",
        ),
    ],
)
def test_what_does_not_hold_together_is_refused(
    change: tuple[str, str], code: str, settings: Path, export: Callable[..., Any]
) -> None:
    settings.write_text(settings.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    assert export("pact", settings, status=1) == code


def test_without_a_factor_there_is_no_footprint(
    mill: Path, settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.toml"
    for name in ("batches.csv", "energy.csv"):
        (tmp_path / name).write_bytes((mill.parent / name).read_bytes())
    site.write_text(mill.read_text(encoding="utf-8").partition("[[emissions")[0], encoding="utf-8")
    arguments = [
        "export",
        "pact",
        "--site",
        str(site),
        "--period",
        "2026-01",
        "--footprint",
        str(settings),
    ]
    assert main([*arguments, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "footprint-without-co2"
    assert main([*arguments, "--lang", "zh"]) == 1
    assert "electricity" not in capsys.readouterr().err
