"""How this installation writes its log: one plain line an event, on standard error."""

import sys
from typing import Any, Final

import structlog

LONGEST_ERROR: Final = 500


def set_up_logs() -> None:
    """Write plain lines and plain tracebacks: no colours, and never what variables held."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=_on_standard_error,
    )


def _on_standard_error(*_: Any) -> Any:
    """Look up the stream when it is written to: whoever runs us may have replaced it."""
    return structlog.PrintLogger(sys.stderr)


def said_shortly(error: Exception) -> str:
    """Return the kind and words of an error, cut where a database's goes on and on."""
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
