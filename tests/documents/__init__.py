"""Documents that follow from the code: a reference that is built, and tables that are compared.

`python -m tests.documents` builds the reference (addresses, commands, errors, numbers of the
packs, the API) into `docs/reference`, which is not committed, and compares the tables that stand
in other documents; with `--write` it writes these.
"""
