"""What the plant gets to read: the data-quality report, the label's files, and one HTML page that
opens anywhere.
"""
