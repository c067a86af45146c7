"""A footprint in the forms in which partners exchange it: PACT (Technical Specifications 3.0) and
Catena-X (aspect model Pcf 7.0.0).

Written from the makers' public specifications in our own words; their schemas are not part of this
program (the licence of PACT's allows no copies in a product). Two attributes are left out on
purpose: `verification`, for an auditor's statement here is on energy figures and not on a product's
footprint, and `primaryDataShare`, for measured energy times a published factor is neither all
primary nor none. What is assured stands as an attribute of its own, with the statements that it
rests on.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from extras.exports.assured import MEANING
from extras.exports.footprints import Footprint

PACT_VERSION = "3.0.0"
CATENA_X = "urn:io.catenax.pcf:datamodel:version:7.0.0"
ASSURED_SCHEMA = "urn:steplabel:assured-share:1"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decimal(number: float) -> str:
    """As PACT writes numbers: a string, no exponent."""
    return f"{number:.9f}".rstrip("0").rstrip(".") or "0"


def assured(footprint: Footprint) -> dict[str, Any]:
    """The assured share with what it means and the statements behind it."""
    return {
        "assuredShare": round(footprint.assured_share, 6),
        "meaning": MEANING,
        "assuredSteps": sorted({part.step.label.step for part in footprint.parts if part.assured}),
        "statements": [statement.to_json() for statement in footprint.statements],
    }


def pact(footprint: Footprint) -> dict[str, Any]:
    """One ProductFootprint of the data model. CO2 of the steps' energy is fossil; biogenic carbon
    is what the firm declares.
    """
    settings = footprint.settings
    product, accounting = settings.product, settings.accounting
    total = footprint.total
    uptake = product.biogenic_carbon_kg_per_kg * 44 / 12
    pcf: dict[str, Any] = {
        "declaredUnitOfMeasurement": "kilogram",
        "declaredUnitAmount": "1",
        "productMassPerDeclaredUnit": "1",
        "referencePeriodStart": _moment(footprint.period.start),
        "referencePeriodEnd": _moment(footprint.period.end),
        "geographyCountry": product.country,
        "boundaryProcessesDescription": footprint.boundary_words,
        "pcfExcludingBiogenicUptake": _decimal(total),
        "pcfIncludingBiogenicUptake": _decimal(total - uptake),
        "fossilGhgEmissions": _decimal(total),
        "fossilCarbonContent": _decimal(product.fossil_carbon_kg_per_kg),
        "biogenicCarbonContent": _decimal(product.biogenic_carbon_kg_per_kg),
        "ipccCharacterizationFactors": [accounting.characterisation],
        "crossSectoralStandards": list(accounting.standards),
        "exemptedEmissionsPercent": _decimal(accounting.exempted_pct),
        "exemptedEmissionsDescription": accounting.exempted_words,
        "packagingEmissionsIncluded": accounting.packaging_included,
        "secondaryEmissionFactorSources": [
            {"name": name, "version": version} for name, version in _secondary(footprint)
        ],
        "productOrSectorSpecificRules": [
            {
                "operator": "Other",
                "ruleNames": list(accounting.rules),
                "otherOperatorName": "as named",
            }
        ],
    }
    return {
        "id": footprint.id,
        "specVersion": PACT_VERSION,
        "created": _moment(footprint.made_at),
        "status": "Active",
        "companyName": settings.company.name,
        "companyIds": list(settings.company.ids),
        "productDescription": product.description,
        "productIds": list(product.ids),
        **(
            {"productClassifications": list(product.classifications)}
            if product.classifications
            else {}
        ),
        "productNameCompany": product.name,
        "comment": _comment(footprint),
        "pcf": pcf,
        "extensions": [
            {"specVersion": "2.0.0", "dataSchema": ASSURED_SCHEMA, "data": assured(footprint)}
        ],
    }


def catena_x(footprint: Footprint) -> dict[str, Any]:
    """The aspect as JSON. The model has no place for extensions: the assured share is a property
    beside its own, and in the comment.
    """
    settings = footprint.settings
    product, accounting = settings.product, settings.accounting
    total = footprint.total
    return {
        "id": footprint.id,
        "specVersion": CATENA_X,
        "partialFullPcf": "Cradle-to-gate",
        "version": 0,
        "created": _moment(footprint.made_at),
        "extWBCSD_pfStatus": "Active",
        "companyName": settings.company.name,
        "companyIds": list(settings.company.ids),
        "productDescription": product.description,
        "productIds": list(product.ids),
        "extWBCSD_productCodeCpc": product.cpc,
        "productName": product.name,
        "comment": _comment(footprint),
        "pcf": {
            "declaredUnit": "kilogram",
            "unitaryProductAmount": 1.0,
            "productMassPerDeclaredUnit": 1.0,
            "referencePeriodStart": _moment(footprint.period.start),
            "referencePeriodEnd": _moment(footprint.period.end),
            "geographyCountry": product.country,
            "geographyRegionOrSubregion": product.region,
            "boundaryProcessesDescription": footprint.boundary_words,
            "pcfExcludingBiogenic": round(total, 9),
            "pcfIncludingBiogenic": round(total - product.biogenic_carbon_kg_per_kg * 44 / 12, 9),
            "fossilGhgEmissions": round(total, 9),
            "carbonContentTotal": product.fossil_carbon_kg_per_kg
            + product.biogenic_carbon_kg_per_kg,
            "extWBCSD_fossilCarbonContent": product.fossil_carbon_kg_per_kg,
            "carbonContentBiogenic": product.biogenic_carbon_kg_per_kg,
            "exemptedEmissionsPercent": accounting.exempted_pct,
            "exemptedEmissionsDescription": accounting.exempted_words,
            "crossSectoralStandardsUsed": [
                {"crossSectoralStandard": name} for name in accounting.standards_catena_x
            ],
            "productOrSectorSpecificRules": [
                {
                    "extWBCSD_operator": "Other",
                    "productOrSectorSpecificRules": [
                        {"ruleName": name} for name in accounting.rules
                    ],
                    "extWBCSD_otherOperatorName": "as named",
                }
            ],
            "extWBCSD_characterizationFactors": accounting.characterisation,
            "extTFS_allocationWasteIncineration": accounting.waste_incineration,
            "secondaryEmissionFactorSources": [
                {"secondaryEmissionFactorSource": f"{name} {version}".strip()}
                for name, version in _secondary(footprint)
            ],
            "extWBCSD_packagingEmissionsIncluded": accounting.packaging_included,
            "extSTEPLABEL_assured": assured(footprint),
        },
    }


def _secondary(footprint: Footprint) -> list[tuple[str, str]]:
    """Factors of the steps' carriers, and declared parts that are no primary data; each once."""
    factors = [(source, "as dated") for part in footprint.parts for source in part.sources]
    declared = [
        (emission.source, "as declared")
        for emission in footprint.settings.outside
        if not emission.primary
    ]
    return list(dict.fromkeys([*factors, *declared]))


def _comment(footprint: Footprint) -> str:
    return (
        f"Energy of the steps is CO2 by dated factors, measured over {footprint.period.name}; "
        "everything else is declared by the firm, "
        f"which answers for its completeness. Assured: {100 * footprint.assured_share:.2f} % "
        f"({MEANING})."
    )
