"""What moves the energy of a step: which variables are looked for, how they are tested, and what
they are good for (docs/drivers.md).
"""
