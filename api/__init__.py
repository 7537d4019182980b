"""Ways in: command line, REST, pages and feeds; also where things are wired."""
