"""StepLabel: the least energy per tonne that a plant's step really and repeatedly reached, exact
and confidential.

Read in this order: reasons, columns, outside, uncertainty, result, validity, waste, grading, step,
site, single.
"""

from benchmarks.labels.result import (
    SCHEMA,
    BatchValue,
    Best,
    Gap,
    GapPart,
    LimitGrade,
    MeasuredBatches,
    SiteLabel,
    StepGrade,
    StepLabel,
    ValueAdding,
)
from benchmarks.labels.single import IncompleteError, value_per_tonne
from benchmarks.labels.site import label_site
from benchmarks.labels.step import RELATIVE_UNCERTAINTY, TOO_FEW_BATCHES, label_step
from benchmarks.labels.uncertainty import ExpandedUncertainty, LabelUncertainty
from benchmarks.labels.validity import ExclusionReason

__all__ = [
    "RELATIVE_UNCERTAINTY",
    "SCHEMA",
    "TOO_FEW_BATCHES",
    "BatchValue",
    "Best",
    "ExclusionReason",
    "ExpandedUncertainty",
    "Gap",
    "GapPart",
    "IncompleteError",
    "LabelUncertainty",
    "LimitGrade",
    "MeasuredBatches",
    "SiteLabel",
    "StepGrade",
    "StepLabel",
    "ValueAdding",
    "label_site",
    "label_step",
    "value_per_tonne",
]
