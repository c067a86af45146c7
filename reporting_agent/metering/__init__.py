"""From meter readings to the energy of each batch, and of all the time outside batches, in the
order in which a reading passes:

    own_time, declared ▶ readings ▶ cleaning ▶ whole_record ▶ segments ▶ known_energy ▶ curve ▶
    windows, cut_readings ▶ record

`stream` is one meter's way through its blocks, `screen` says which of them need no cleaning,
`engine` follows all meters, `moments` holds what is asked of each curve, and `clock`, `unit_check`
and `standstills` what the batches show of a meter.
"""

from reporting_agent.metering.curve import Course, MeteredEnergy
from reporting_agent.metering.engine import courses
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.record import MeterFacts, MeterRecord, PauseStretch
from reporting_agent.metering.stream import MeterQuery

__all__ = [
    "Course",
    "MeterFacts",
    "MeterQuery",
    "MeterRecord",
    "MeteredEnergy",
    "PauseStretch",
    "Windows",
    "courses",
]
