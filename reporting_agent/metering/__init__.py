"""From meter readings to the energy of each batch, and of all the time outside batches, in the
order in which a reading passes:

    declared ▶ cleaning ▶ whole_record ▶ segments ▶ curve ▶ cut_readings ▶ record

`stream` takes all meters along this way, `moments` is what is asked of each curve, and `clock`,
`unit_check` and `standstills` what the batches show of a meter.
"""

from reporting_agent.metering.curve import Course, MeteredEnergy
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.record import MeterFacts, MeterRecord, PauseStretch
from reporting_agent.metering.stream import MeterQuery, courses

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
