"""REST: JSON in and out, one file a noun."""
