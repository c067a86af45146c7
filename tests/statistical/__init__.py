"""Statistical checks of the privacy mechanism: is it as private, and as precise, as `docs/privacy.md` says?

python -m tests.statistical [--long] [--write]

Every check is a module with `run(long) -> Outcome`. Chance is keyed or seeded, so an outcome is the same on every run.
`--write` regenerates the tables of `docs/privacy.md` from the long form.
"""
