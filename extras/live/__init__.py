"""A plant that runs: what its meters send is kept exactly once, and is an input of `label` like any
file.

`sources` receive what the plant's systems send, by protocol; `spool` keeps each reading once, on
the disk before its source is told that it arrived; `running` follows the batches beside their
labels; `control_room` tells people. `watching` runs them all; `spool_source` hands the readings on
to `label`.
"""

from benchmarks import catalogue

catalogue.add(__name__)
