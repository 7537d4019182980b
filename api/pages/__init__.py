"""Pages: HTML, one file a noun."""
