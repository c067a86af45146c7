"""Step labels as a submodel of the Asset Administration Shell (IDTA-01001-3), by the code of its
makers (BaSyx).

One shell, the site; one submodel, its labels of a period; in it a collection a step, product and
variant: label, typical, mean, output, energy by carrier and the CO2 of what was taken in. No
template of IDTA is claimed: the semantic ids are our own. What was written is read back strictly
before it counts as written.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError
from benchmarks.measurements import Direction, Period
from benchmarks.phrases import Phrase
from extras.exports.carbon import CarrierUse, StepCarbon

if TYPE_CHECKING:
    from basyx.aas import model

ROOT = "urn:steplabel:aas:1"
_NOT_IN_A_SHORT_ID = re.compile(r"[^A-Za-z0-9_]")
_LONGEST = 128  # letters of a short id


def refuse_without_library() -> None:
    """InputError `export-needs-extra` where that library is not installed."""
    if find_spec("basyx") is None:
        raise InputError(
            "export-needs-extra",
            "The library that writes Asset Administration Shells is not installed.",
            "Install it: pip install basyx-python-sdk (15 MB with lxml).",
            found=Phrase("no basyx"),
            wanted=Phrase("basyx-python-sdk 2.2 or later"),
        )


def as_json(site: str, period: Period, steps: Sequence[StepCarbon]) -> bytes:
    """The environment as JSON, read back by BaSyx with its strict checks.

    Raises:
        InputError: `export-needs-extra`.
    """
    from basyx.aas.adapter import json

    text = io.StringIO()
    json.write_aas_json_file(text, _environment(site, period, steps), indent=2, ensure_ascii=False)
    raw = text.getvalue().encode()
    json.read_aas_json_file(io.BytesIO(raw), failsafe=False)
    return raw


def as_aasx(site: str, period: Period, steps: Sequence[StepCarbon]) -> bytes:
    """The same as an AASX package (OPC, JSON within), read back: BaSyx leaves out what it cannot
    write and only logs it.
    """
    from basyx.aas import model
    from basyx.aas.adapter import aasx

    package, written = io.BytesIO(), _environment(site, period, steps)
    no_files = aasx.DictSupplementaryFileContainer()  # type: ignore[no-untyped-call]
    with aasx.AASXWriter(package) as writer:
        writer.write_aas(f"{_shell_id(site)}:shell", written, no_files, write_json=True)
    read: model.DictIdentifiableStore[model.Identifiable] = model.DictIdentifiableStore()
    with aasx.AASXReader(io.BytesIO(package.getvalue()), failsafe=False) as reader:
        reader.read_into(read, no_files)
    if {element.id for element in read} != {element.id for element in written}:
        raise RuntimeError("BaSyx did not write everything into the package")
    return package.getvalue()


def _shell_id(site: str) -> str:
    return f"urn:steplabel:site:{site}"


def _environment(site: str, period: Period, steps: Sequence[StepCarbon]) -> Any:
    refuse_without_library()
    from basyx.aas import model

    submodel = model.Submodel(
        id_=f"{_shell_id(site)}:step-labels:{period.name}",
        id_short="StepLabels",
        semantic_id=_meaning("StepLabels"),
        description=model.MultiLanguageTextType(
            {
                "en": "Exact labels of production steps: energy per unit of output within each "
                "step's boundary. "
                "The CO2 is partial: no cradle-to-gate footprint."
            }
        ),
    )
    submodel.submodel_element.add(_property("PeriodStart", period.start))
    submodel.submodel_element.add(_property("PeriodEnd", period.end))
    names = short_ids([(step.label.step, step.label.product, step.label.variant) for step in steps])
    for name, step in zip(names, steps, strict=True):
        submodel.submodel_element.add(_step(name, step))
    shell = model.AssetAdministrationShell(
        model.AssetInformation(model.AssetKind.INSTANCE, global_asset_id=_shell_id(site)),
        id_=f"{_shell_id(site)}:shell",
        id_short=short_id(site),
        submodel={model.ModelReference.from_referable(submodel)},
    )
    return model.DictIdentifiableStore([shell, submodel])


def short_id(*parts: str) -> str:
    """A name as the metamodel allows it: letters, digits and underscores, a letter first
    (AASd-002).
    """
    joined = "_".join(_NOT_IN_A_SHORT_ID.sub("_", part) for part in parts if part)
    return joined if joined[:1].isalpha() else f"S_{joined}"


def short_ids(members: Sequence[tuple[str, ...]]) -> list[str]:
    """A name for each member of a collection, no two alike (AASd-022).

    A hash of what the member is ends a name that is too long, that lost letters of another script,
    or that several would have: so it is the same in every export, in whatever order they stand.
    """
    plain = [short_id(*parts) for parts in members]
    return [
        name
        if plain.count(name) == 1
        and len(name) <= _LONGEST
        and all(part.isascii() for part in parts)
        else _hashed(name, parts)
        for name, parts in zip(plain, members, strict=True)
    ]


def _hashed(name: str, parts: Sequence[str]) -> str:
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - len(digest) - 1]}_{digest}"


def _step(name: str, step: StepCarbon) -> model.SubmodelElementCollection:
    from basyx.aas import model

    label = step.label
    per = f"{label.energy_unit}/{step.output_unit}"
    figures: list[tuple[str, float | None, str]] = [
        ("Label", label.best.value, label.unit),
        ("Typical", label.typical, label.unit),
        ("Mean", label.mean, label.unit),
        ("Output", step.output, step.output_unit),
        ("Co2OfEnergyTakenIn", step.co2_per_output, f"kg CO2/{step.output_unit}"),
    ]
    elements: list[model.SubmodelElement] = [
        _property("Step", label.step),
        _property("Product", label.product),
        _property("Boundary", label.boundary),
        _property("Rule", label.best.rule),
        _property("EnergyUnit", per),
        _property("BatchesUsed", label.used),
        *(_property(figure, value, unit) for figure, value, unit in figures if value is not None),
    ]
    if label.variant:
        elements.append(_property("Variant", label.variant))
    if step.in_question:
        elements.append(_property("InQuestion", True))
    if step.lacking:
        elements.append(_property("Co2LacksFactorOf", ", ".join(step.lacking)))
    elements.append(
        model.SubmodelElementCollection(
            "EnergyByCarrier", list(_uses(step.uses)), semantic_id=_meaning("EnergyByCarrier")
        )
    )
    return model.SubmodelElementCollection(
        name,
        elements,
        display_name=model.MultiLanguageNameType(
            {code[:2]: text[:128] for code, text in step.words.by_language.items()}
        ),
        semantic_id=_meaning("StepLabel"),
    )


def _uses(uses: Sequence[CarrierUse]) -> Iterator[model.SubmodelElementCollection]:
    from basyx.aas import model

    names = short_ids([(use.carrier, str(use.direction), use.unit) for use in uses])
    for name, use in zip(names, uses, strict=True):
        elements = [
            _property("Carrier", use.carrier),
            _property("Direction", str(use.direction)),
            _property("Quantity", use.quantity, use.unit),
        ]
        if use.kgce is not None:
            elements.append(_property("CoalEquivalent", use.kgce, "kgce"))
        if use.co2_kg is not None and use.direction is Direction.IMPORT:
            elements += [
                _property("Co2", use.co2_kg, "kg CO2"),
                _property("Co2Factor", use.source or ""),
            ]
        yield model.SubmodelElementCollection(name, elements, semantic_id=_meaning("CarrierUse"))


def _property(name: str, value: Any, unit: str | None = None) -> model.Property:
    """One value with its unit as a qualifier."""
    from basyx.aas import model

    qualifiers = () if unit is None else (model.Qualifier("Unit", str, unit),)
    return model.Property(
        name, type(value), value, semantic_id=_meaning(name), qualifier=qualifiers
    )


def _meaning(name: str) -> model.ExternalReference:
    from basyx.aas import model

    return model.ExternalReference((model.Key(model.KeyTypes.GLOBAL_REFERENCE, f"{ROOT}:{name}"),))
