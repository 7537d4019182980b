"""Who may call which route: a table by noun, and the world that it is tried in."""
