"""Reading the plant's files: CSV, XLSX, Parquet and B2MML become typed columns that remember their
rows.
"""

from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.meter_readings import stream_readings
from reporting_agent.sources.reading_log import ReadingBlock
from reporting_agent.sources.wanted import (
    BATCHES,
    ENERGY,
    LOG,
    READINGS,
    SCALES,
    CellKind,
    Template,
    TemplateColumn,
)
from reporting_agent.sources.whole_table import Table, read_sheet, read_table

__all__ = [
    "BATCHES",
    "ENERGY",
    "LOG",
    "READINGS",
    "SCALES",
    "CellKind",
    "ReadingBlock",
    "RejectedRow",
    "Table",
    "Template",
    "TemplateColumn",
    "read_sheet",
    "read_table",
    "stream_readings",
]
