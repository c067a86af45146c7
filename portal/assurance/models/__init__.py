"""Tables of assurance: assignments, interests, findings, keys, attestations, incentives and offers,
certified systems, days told of.
"""

from portal.assurance.models.assigned import Assignment, InterestDeclaration, Reminded
from portal.assurance.models.attested import Attestation, AuditorKey
from portal.assurance.models.evidenced import (
    Declaration,
    Incentive,
    IncentiveCorrection,
    SystemCertificate,
)
from portal.assurance.models.findings import Finding, FindingStep, Sample
from portal.assurance.models.offered import IncentiveOffer, PaperReading

__all__ = [
    "Assignment",
    "Attestation",
    "AuditorKey",
    "Declaration",
    "Finding",
    "FindingStep",
    "Incentive",
    "IncentiveCorrection",
    "IncentiveOffer",
    "InterestDeclaration",
    "PaperReading",
    "Reminded",
    "Sample",
    "SystemCertificate",
]
