"""The core: rules, tables, reads and use cases; knows no HTTP, no mail, no terminal."""
