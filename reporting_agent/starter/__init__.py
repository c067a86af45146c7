"""What `steplabel-agent init` writes: one commented site.toml and one example of each input file
(`.txt` is taken off).
"""
