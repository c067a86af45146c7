"""Statistical checks of the privacy mechanism: is it as private, and as precise, as
`docs/privacy.md` says?

python -m tests.statistical [--long] [--write] [CHECK ...]

Every check is a module with `run(long) -> Outcome`. Chance is keyed or seeded, so an outcome is the
same on every run; the libraries of others, whose chance is the operating system's, get a verdict
and no figure. `--write` regenerates the tables of `docs/privacy.md` and the figures in its text;
without it they are compared. `--long` tries more, and compares no table.
"""
