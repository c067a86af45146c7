"""Why a batch may not enter a label. The first reason found stands, and every batch read is counted once."""

from __future__ import annotations

from enum import StrEnum


class ExclusionReason(StrEnum):
    """Reasons that the label itself finds, in the order in which they are looked for.

    What the readings alone show (a counter reset, an impossible power, an overlap) is found earlier, where the batch was
    metered, and stands in `Batch.excluded`; those reasons come first and are counted under their own names.
    """

    DECLARED_UNUSABLE = "declared-unusable"  # an event that the plant declared says that its energy or output cannot be used
    REPEATED_HOUR = "repeated-hour"  # metered through the hour that the clock shows twice in autumn; on the way out only
    HEATING_VALUE_TWO_SIDED = "heating-value-two-sided"  # a carrier made and used on one day with two values: neither side is known
    UNREADABLE = "unreadable"  # a row of the batches file that could not be read: no record of it goes further
    OUTSIDE_PERIOD = "outside-period"  # starts before or after the reporting period
    VARIANT_UNKNOWN = "variant-unknown"  # names a variant that the pack does not declare
    VARIANT_REFUTED = "variant-refuted"  # gives back a carrier of which a run of its variant gives none
    TEST = "test"
    SCRAP = "scrap"
    NOT_NORMAL_STATE = "not-normal-state"  # start-up, shut-down, idle, holding, trial, fault
    OUTPUT_NOT_POSITIVE = "output-not-positive"
    CREDIT_NOT_PRODUCT = "credit-not-product"  # the product was credited as a carrier, and not as much of it as came out
    ENERGY_UNKNOWN = "energy-unknown"  # nothing was measured
    LHV_REQUIRED = "lhv-required"  # a fuel whose heating value has no agreed default, and none was given
    ENERGY_INCOMPLETE = "energy-incomplete"  # a carrier of the boundary is missing, or its readings have gaps
    ENERGY_OUTSIDE = "energy-outside-boundary"  # used energy that the boundary does not hold, undeclared or too much
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    VARIABLE_MISSING = "variable-missing"  # cannot be brought to reference conditions
    VARIABLE_IMPOSSIBLE = "variable-impossible"  # the pack says that nothing of it can be so little, or so much
    BELOW_PHYSICAL_FLOOR = "below-physical-floor"
    ABOVE_PHYSICAL_CEILING = "above-physical-ceiling"
