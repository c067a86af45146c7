"""The plant before its auditor, and the auditor before the plant: openings, recomputation, reconciliation, a witness of the log."""
