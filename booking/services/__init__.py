"""Use cases: permit, load, decide, write, record; never commit."""
