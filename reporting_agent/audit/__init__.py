"""The plant before its auditor, and the auditor before the plant: openings, the whole label again,
reconciliation, a witness of the log.
"""
