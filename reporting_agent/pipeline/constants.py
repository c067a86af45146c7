"""Numbers of the program itself that can move a label, whatever the pack, and the digest by which a
label names them.

A label names their digest (`method.constants_digest` of label.json) beside those of the pack and
its factors; who finds another there recomputes it with the release that made it.
"""

from __future__ import annotations

from benchmarks.conversion import MJ_PER_KGCE
from benchmarks.declared import content_digest
from benchmarks.labels import RELATIVE_UNCERTAINTY, coverage, limit_test, outside, validity
from reporting_agent.pipeline import own_gas, scattered, unusual_heating_values

OF_A_LABEL = (
    (float(MJ_PER_KGCE), "MJ of a kgce: 7,000 kcal of 4.1868 kJ (GB/T 2589)"),
    (
        outside.LARGEST_SHARE,
        (
            "of a batch's energy, that carriers outside its boundary may be; of an account, what "
            "is "
            "called no production"
        ),
    ),
    (validity.ONE_WEIGHING, "of the output, that what is credited as the product may differ by"),
    (
        limit_test.ALIKE,
        (
            "of either, that a site's constant and the mean of its batches may differ by and be "
            "one "
            "value"
        ),
    ),
    (coverage.LONGEST_SILENCE.days, "days, that a grade's year may pass without a valid batch"),
    (
        RELATIVE_UNCERTAINTY,
        "of a batch's energy per unit, its uncertainty where the site says none",
    ),
    (
        scattered.NEARLY,
        "of the best, by which heating values by runs may better it beside their mean",
    ),
    (
        scattered.NEARLY,
        "of the best, by which a correction by runs may better it beside that by the mean",
    ),
    (
        unusual_heating_values.NEAR,
        (
            "of a heating value declared with its reason, that an unusual one of an amount may "
            "differ "
            "from it by"
        ),
    ),
    (own_gas.LEAST, "of the heat of gas that a run gives back, that it burns of any gas at least"),
)
"""Each with what it is of."""


def digest() -> str:
    """SHA-256 of the numbers, in their order."""
    return content_digest([value for value, _ in OF_A_LABEL]).hex()
