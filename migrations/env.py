"""How Alembic reaches the database: one transaction on an engine of our own making."""

from alembic import context
from sqlmodel import SQLModel

import booking.models  # noqa: F401 - fills the metadata
from booking.config import Settings
from booking.db import make_engine

url = context.config.attributes.get("url") or Settings().database_url
engine = make_engine(url)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
