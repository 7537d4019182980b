"""Ways out: invites and other mails, rendered from recorded events."""
