"""What the portal gives on paper, each from the view model of its page: PDF, one also as DOCX."""
