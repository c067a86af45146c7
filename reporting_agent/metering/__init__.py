"""From meter readings to the energy of each batch, and of all the time outside batches.

`segments` holds the arithmetic (the same for every kind of meter), `cleaning` what is done about faulty readings, `register_falls` what a
register that fell has counted, `stream` one meter's way through its blocks, `curve` the energy until each moment asked about, `engine`
all meters, `account` how a meter's energy divides, `record` what is known of each meter in the end.
"""

from reporting_agent.metering.engine import Asked, Course, MeteredEnergy, courses, meter_energy
from reporting_agent.metering.moments import Windows
from reporting_agent.metering.record import MeterFacts, MeterRecord, Stretch

__all__ = ["Asked", "Course", "MeterFacts", "MeterRecord", "MeteredEnergy", "Stretch", "Windows", "courses", "meter_energy"]
