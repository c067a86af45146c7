"""One file for a firm that has Python and nothing else: `steplabel.pyz` labels a workbook, on
Linux, Windows and macOS.

`python -m reporting_agent.single_file` builds it; `start` is what runs first inside it.
"""
