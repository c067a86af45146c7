"""Documents that are written from the code, and compared with it.

`python -m tests.documents --write` writes the tables of `docs/errors.md`, the help texts of
`docs/cli.md` and `docs/openapi.yaml`; `bin/test` fails where one of them says something else than
the code.
"""
