"""How many statements something costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlmodel import Session


@contextmanager
def counted_statements(of: Session | Engine) -> Iterator[list[str]]:
    """Collect what is said to the database meanwhile, through a session or by anybody."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    bind: Connection | Engine = of.get_bind() if isinstance(of, Session) else of
    event.listen(bind, "before_cursor_execute", note)
    yield said
    event.remove(bind, "before_cursor_execute", note)
