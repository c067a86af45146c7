"""A dossier for programs: codes and digests, names by language; no value of the plant. A file of
the page, an answer of the API.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from portal.assurance.dossiers import CriterionEvidence, Dossier
from portal.assurance.models import IncentiveOffer
from portal.names import in_chinese

SCHEMA = "steplabel/dossier/1"


def dossier_json(dossier: Dossier) -> dict[str, Any]:
    programme = dossier.programme
    return {
        "schema": SCHEMA,
        "site": dossier.site.slug,
        "day": dossier.day.isoformat(),
        "programme": {
            "id": programme.id,
            "name": programme.name.by_language,
            "source": programme.source.by_language,
            "status": programme.status,
        },
        "criteria": [
            {
                "id": entry.criterion.id,
                "asks": entry.criterion.asks.by_language,
                "added_by_this_portal": entry.criterion.own,
                "state": str(entry.state),
                "met": str(entry.met),
                "evidence": [dict(_evidence(evidence)) for evidence in entry.evidence],
                "incentives": [offer_json(offer) for offer in entry.offers],
            }
            for entry in dossier.entries
        ],
    }


def offer_json(offer: IncentiveOffer) -> dict[str, Any]:
    """One offer. The amount is a text, for JSON has no decimals of its own."""
    return {
        "id": offer.pk,
        "what": {"en": offer.what_en, "zh": offer.what_zh},
        "amount": f"{offer.amount.normalize():f}",
        "unit": offer.unit,
        "authority": {"en": offer.authority_en, "zh": offer.authority_zh},
        "source": {"en": offer.source_en, "zh": offer.source_zh},
        "valid_from": offer.valid_from.isoformat(),
        "valid_until": offer.valid_until.isoformat() if offer.valid_until else None,
    }


def _evidence(evidence: CriterionEvidence) -> Iterator[tuple[str, Any]]:
    for name, value in asdict(evidence).items():
        if name != "declaration" and value not in ("", None):  # a row's number says nothing outside
            yield name, value.isoformat() if hasattr(value, "isoformat") else value
    if chinese := in_chinese(evidence.by):
        yield "by_zh", chinese
