"""StepLabel: the least energy per tonne that a plant's step really and repeatedly reached, exact and confidential.

Read in this order: reasons, columns, outside, uncertainty, result, validity, waste, grading, step, site, single.
"""

from benchmarks.labels.result import SCHEMA, BatchValue, Best, Gap, GapPart, Grade, LimitGrade, Measured, SiteLabel, StepLabel, ValueAdding
from benchmarks.labels.single import IncompleteError, value_per_tonne
from benchmarks.labels.site import label_site
from benchmarks.labels.step import RELATIVE_UNCERTAINTY, TOO_FEW_BATCHES, label_step
from benchmarks.labels.uncertainty import Expanded, LabelUncertainty
from benchmarks.labels.validity import ExclusionReason

__all__ = [
    "RELATIVE_UNCERTAINTY",
    "SCHEMA",
    "TOO_FEW_BATCHES",
    "BatchValue",
    "Best",
    "ExclusionReason",
    "Expanded",
    "Gap",
    "GapPart",
    "Grade",
    "IncompleteError",
    "LabelUncertainty",
    "LimitGrade",
    "Measured",
    "SiteLabel",
    "StepLabel",
    "ValueAdding",
    "label_site",
    "label_step",
    "value_per_tonne",
]
