"""Speed, as ratios against a peer or the physical limit, both timed in the same run: machines are
shared and noisy.
"""
