"""Plants with every fault a plant's data has, and how many of them the agent finds: recall and
precision by kind.

    python -m tests.functional.every_fault [--long] [--write] [--sector S ...]

`plants` writes simulated works and puts the real pipeline to them; `codes` says by which finding
each kind is told; `matching` compares what was put in with what was found; `figures` the label, the
gap and the use of energy with the truth; `table` prints. The rules of counting stand in
docs/faults.md, which `--write` brings up to date.
"""
