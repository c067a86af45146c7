"""The meters held against the world outside: bills, stock surveys, sales, calibration records. A working paper, made on the site.

`papers` reads what was declared of such documents (`workbook` the same from sheets), `comparing` holds meters and batches against them.
"""
