"""Lists of rows: sorted, in pages, saved, as CSV and workbooks."""
