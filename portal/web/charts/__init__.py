"""Where each mark of a chart stands; and charts as files."""
