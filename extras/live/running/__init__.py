"""Every figure of the batches that run: their energy beside their label, alerts in the batch, and
what is counted again once it ended.
"""
