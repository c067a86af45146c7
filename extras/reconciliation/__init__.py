"""The meters held against the world outside: bills, stock surveys, sales, calibration records. A
working paper, made on the site.

`papers` reads what was declared of such documents (`workbook` the same from sheets), `reconcile`
holds them against the site: `papers_in_rows` puts bills in order, `bills_against_meters` holds them
against meters (`counting` says what a meter and its successors counted) and `said_of_bills` says
what follows; `sales_against_output` and `certificates` do both; `not_covered` names what is in
none.
"""

from benchmarks import catalogue

catalogue.add(__name__)
