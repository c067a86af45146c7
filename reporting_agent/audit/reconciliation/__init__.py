"""The meters held against the world outside: bills, stock surveys, sales, calibration records. A working paper, made on the site.

`papers` reads what was declared of such documents (`workbook` the same from sheets), `reconcile` holds them against the site: bills
against meters in `bills_against_meters` (`counting` says what a meter and its successors counted), sales and calibrations itself;
`sentences` says what was found.
"""
