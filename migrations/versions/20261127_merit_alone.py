"""What the timetable by merit alone gives out, and for what merit, beside a round's result.

The column is added in place: no table is rebuilt, so SQLite keeps its triggers.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261127"
down_revision = "20261126"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "roundresult",
        sa.Column(
            "by_merit", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
    )


def downgrade() -> None:
    op.drop_column("roundresult", "by_merit")
