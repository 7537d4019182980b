"""The command line; each module imports what it needs when it runs."""
