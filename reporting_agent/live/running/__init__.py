"""The batches that run, and every figure of them: their energy beside their label, alerts in the batch, and what is counted again once it ended."""
