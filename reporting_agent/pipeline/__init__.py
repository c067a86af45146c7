"""From the plant's files to batches with energy (`stages.read`), and from those to the plant's own
label (`labelling.label`).
"""

from reporting_agent.pipeline.labelling import (
    LabelResult,
    label,
    label_of,
    outgoing_label,
    own_label,
)
from reporting_agent.pipeline.plant_data import PlantData
from reporting_agent.pipeline.stages import pack_of, read

__all__ = [
    "LabelResult",
    "PlantData",
    "label",
    "label_of",
    "outgoing_label",
    "own_label",
    "pack_of",
    "read",
]
