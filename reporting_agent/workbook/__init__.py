"""The small firm's path: one workbook in, a copy with labels and gaps out, and nothing to set up.

    sheet = reading.read(path)                 the runs as the firm wrote them
    labelled = labelling.label(sheet, now)     every product's label, every run's gap
    copying.labelled_copy(labelled)            the workbook again, with both beside its own figures

`template` writes the empty workbook; `words` holds its headings in both languages.
"""
