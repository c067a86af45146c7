"""Modbus by pymodbus, TCP and RTU: registers polled at an even pace.

`settings` is what site.toml says of a line; `registers` makes numbers of registers; `line` asks and
lets no late answer stand for another; `source` polls.
"""
