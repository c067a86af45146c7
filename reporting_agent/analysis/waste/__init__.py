"""Energy above the label and without product: why, how sure, and where to look first
(docs/waste.md).
"""
