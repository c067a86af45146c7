"""The small works of the audits (`tests.functional.audit`), which documents are held against."""

from tests.functional.audit.conftest import data, site, works

__all__ = ["data", "site", "works"]
