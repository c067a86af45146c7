"""One file for a firm that has Python and nothing else: the whole agent, on Linux, Windows or
macOS. Files dropped onto it are labelled beside themselves.

`python -m reporting_agent.single_file --whole DIR` builds it; `start` is what runs first inside it.
"""
