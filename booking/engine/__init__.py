"""Rules: pure functions; no input or output, no clock, no randomness but a passed-in seed."""
