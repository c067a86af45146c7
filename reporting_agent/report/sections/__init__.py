"""The parts of the page in the order they are read. Each is a module with `data(view)`: what its
template shows, or None.

A part that returns None leaves a line at the end of the page with the reason why there is nothing
to show (`[missing]` in sections.toml), so that silence is never taken for "nothing found".
"""
