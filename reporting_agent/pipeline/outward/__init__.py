"""Batches on their way out: what leaves a site is judged, metered and cut record by record, apart
from the plant's own label.
"""
