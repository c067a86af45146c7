"""From the plant's files to batches with energy (`stages.read`), and from those to the local label (`labelling.label`)."""

from reporting_agent.pipeline.labelling import LabelResult, label, label_of
from reporting_agent.pipeline.plant_data import PlantData
from reporting_agent.pipeline.stages import pack_of, read

__all__ = ["LabelResult", "PlantData", "label", "label_of", "pack_of", "read"]
