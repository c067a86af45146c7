"""From meter readings to the energy of each batch.

`segments` holds the arithmetic (one kernel for every kind of meter), `cleaning` what is done about faulty readings,
`stream` one meter's way through its blocks, `engine` all meters against all batches.
"""

from reporting_agent.metering.engine import MeteredEnergy, Windows, meter_energy

__all__ = ["MeteredEnergy", "Windows", "meter_energy"]
