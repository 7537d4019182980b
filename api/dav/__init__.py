"""CalDAV (RFC 4791, RFC 6578): one protocol over whatever keeps the calendars."""
