"""Calculations, appeals, snapshots of organisations; how policies reserve; evidence that ends.

Columns are added in place: no table is rebuilt, so SQLite keeps its triggers.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261125"
down_revision = "20261124"
branch_labels = None
depends_on = None


def json() -> sa.JSON:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "organisationsnapshot",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("memberships", json(), nullable=False),
        sa.Column("fair_share_millionths", sa.Integer(), nullable=False),
        instant("taken_at"),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisationsnapshot_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_organisationsnapshot_round_id")
        ),
        sa.PrimaryKeyConstraint(
            "round_id", "organisation_id", name=op.f("pk_organisationsnapshot")
        ),
    )
    op.create_index(
        op.f("ix_organisationsnapshot_organisation_id"), "organisationsnapshot", ["organisation_id"]
    )

    op.create_table(
        "calculation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("question", json(), nullable=False),
        sa.Column("progress", json(), nullable=False),
        sa.Column("answer", json(), nullable=True),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        instant("asked_at"),
        instant("claimed_at", nullable=True),
        instant("told_at", nullable=True),
        instant("stop_asked_at", nullable=True),
        instant("finished_at", nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_calculation_asked_by")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["accessrequest.id"], name=op.f("fk_calculation_request_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_calculation_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calculation")),
    )
    op.create_index(op.f("ix_calculation_request_id"), "calculation", ["request_id"])
    op.create_index(op.f("ix_calculation_round_id"), "calculation", ["round_id"])
    op.create_index("ix_calculation_state_asked", "calculation", ["state", "asked_at"])

    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("fact", sa.String(40), nullable=False),
        sa.Column("grounds", sa.String(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        instant("asked_at"),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("correction", json(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        instant("answered_at", nullable=True),
        sa.Column("calculation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered_in_words"),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_appeal_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_appeal_asked_by")),
        sa.ForeignKeyConstraint(
            ["calculation_id"], ["calculation.id"], name=op.f("fk_appeal_calculation_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["accessrequest.id"], name=op.f("fk_appeal_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["roundresult.id"], name=op.f("fk_appeal_result_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
    )
    op.create_index(op.f("ix_appeal_request_id"), "appeal", ["request_id"])

    op.add_column("decision", sa.Column("nearest", json(), nullable=False, server_default="[]"))

    op.add_column("organisationfact", sa.Column("verified_until", sa.Date(), nullable=True))
    op.add_column(
        "organisationfact", sa.Column("evidence", sa.String(), nullable=False, server_default="")
    )

    op.add_column("policyversion", sa.Column("reserved_ppm", sa.Integer(), nullable=True))
    op.add_column(
        "policyversion",
        sa.Column("strict", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "policyversion",
        sa.Column("country_lists", sa.String(40), nullable=False, server_default=""),
    )

    op.add_column("round", sa.Column("reserved_shares", json(), nullable=True))

    op.add_column("roundresult", sa.Column("note", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("roundresult", "note")

    op.drop_column("round", "reserved_shares")

    op.drop_column("policyversion", "country_lists")
    op.drop_column("policyversion", "strict")
    op.drop_column("policyversion", "reserved_ppm")

    op.drop_column("organisationfact", "evidence")
    op.drop_column("organisationfact", "verified_until")

    op.drop_column("decision", "nearest")

    op.drop_index(op.f("ix_appeal_request_id"), "appeal")

    op.drop_table("appeal")
    op.drop_index("ix_calculation_state_asked", "calculation")
    op.drop_index(op.f("ix_calculation_round_id"), "calculation")
    op.drop_index(op.f("ix_calculation_request_id"), "calculation")

    op.drop_table("calculation")
    op.drop_index(op.f("ix_organisationsnapshot_organisation_id"), "organisationsnapshot")

    op.drop_table("organisationsnapshot")
