"""Reading the plant's files: CSV, XLSX, Parquet and B2MML become typed columns that remember their rows."""

from reporting_agent.sources.meter_readings import ReadingBlock, stream_readings
from reporting_agent.sources.wanted import BATCHES, ENERGY, LOG, READINGS, SCALES, Column, Kind, Wanted
from reporting_agent.sources.whole_table import Rejected, Table, read_sheet, read_table

__all__ = [
    "BATCHES",
    "ENERGY",
    "LOG",
    "READINGS",
    "SCALES",
    "Column",
    "Kind",
    "ReadingBlock",
    "Rejected",
    "Table",
    "Wanted",
    "read_sheet",
    "read_table",
    "stream_readings",
]
