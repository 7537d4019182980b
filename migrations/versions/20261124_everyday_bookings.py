"""Series, holds, use, the waiting list and its offers, and reserves for booking on-line.

Columns are added in place: no table is rebuilt, so SQLite keeps its triggers.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261124"
down_revision = "20261123"
branch_labels = None
depends_on = None


def json() -> sa.JSON:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "bookingseries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("repeats", json(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        instant("created_at"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk_bookingseries_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_bookingseries_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_bookingseries_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookingseries")),
    )
    op.create_index(op.f("ix_bookingseries_project_id"), "bookingseries", ["project_id"])
    op.create_index(op.f("ix_bookingseries_resource_id"), "bookingseries", ["resource_id"])

    op.create_table(
        "freedtime",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        instant("starts_at"),
        instant("ends_at"),
        instant("freed_at"),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_freedtime_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freedtime")),
    )
    op.create_index(op.f("ix_freedtime_resource_id"), "freedtime", ["resource_id"])

    op.create_table(
        "waitlistentry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        instant("earliest_at"),
        instant("latest_at"),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        instant("entered_at"),
        instant("updated_at"),
        sa.CheckConstraint("earliest_at < latest_at", name="window_ends_after_it_starts"),
        sa.CheckConstraint("minutes >= 1", name="minutes_at_least_one"),
        sa.CheckConstraint("quantity >= 1", name="quantity_at_least_one"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_waitlistentry_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_waitlistentry_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_waitlistentry_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlistentry")),
    )
    op.create_index(op.f("ix_waitlistentry_person_id"), "waitlistentry", ["person_id"])
    op.create_index(op.f("ix_waitlistentry_project_id"), "waitlistentry", ["project_id"])
    op.create_index("ix_waitlistentry_resource_state", "waitlistentry", ["resource_id", "state"])

    op.create_table(
        "weeklyreserve",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("group_key", sa.String(60), nullable=False),
        sa.Column("credit_thousandths", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_weeklyreserve_resource_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_weeklyreserve_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weeklyreserve")),
        sa.UniqueConstraint(
            "resource_id",
            "week_on",
            "round_id",
            "group_key",
            name=op.f("uq_weeklyreserve_resource_id_week_on_round_id_group_key"),
        ),
    )
    op.create_index(op.f("ix_weeklyreserve_round_id"), "weeklyreserve", ["round_id"])

    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("displaced_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("standing", json(), nullable=False),
        instant("made_at"),
        instant("deadline_at"),
        instant("answered_at", nullable=True),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_offer_booking_id")),
        sa.ForeignKeyConstraint(
            ["displaced_id"], ["booking.id"], name=op.f("fk_offer_displaced_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["waitlistentry.id"], name=op.f("fk_offer_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_offer_booking_id")),
    )
    op.create_index(op.f("ix_offer_displaced_id"), "offer", ["displaced_id"])
    op.create_index(op.f("ix_offer_entry_id"), "offer", ["entry_id"])
    op.create_index("ix_offer_state_deadline", "offer", ["state", "deadline_at"])

    op.create_table(
        "usagerecord",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        instant("checked_in_at"),
        sa.Column("checked_in_by", sa.Uuid(), nullable=True),
        sa.Column("via", sa.String(40), nullable=False),
        instant("checked_out_at", nullable=True),
        sa.Column("checked_out_by", sa.Uuid(), nullable=True),
        sa.Column("booked_minutes", sa.Integer(), nullable=False),
        sa.Column("used_minutes", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_usagerecord_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["checked_in_by"], ["person.id"], name=op.f("fk_usagerecord_checked_in_by")
        ),
        sa.ForeignKeyConstraint(
            ["checked_out_by"], ["person.id"], name=op.f("fk_usagerecord_checked_out_by")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_usagerecord")),
    )

    op.add_column("booking", sa.Column("groups", json(), nullable=False, server_default="[]"))
    op.add_column("booking", sa.Column("waiver", sa.String(), nullable=False, server_default=""))
    op.add_column("booking", sa.Column("series_id", sa.Uuid(), nullable=True))
    op.add_column("booking", instant("expires_at", nullable=True))
    op.create_index(op.f("ix_booking_series_id"), "booking", ["series_id"])
    op.create_index("ix_booking_status_expires", "booking", ["status", "expires_at"])
    op.add_column(
        "closure", sa.Column("estimated", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "facility", sa.Column("holiday_region", sa.String(10), nullable=False, server_default="")
    )
    op.add_column(
        "facility", sa.Column("offer_version", sa.Integer(), nullable=False, server_default="0")
    )
    for name in (
        "concurrent_per_project",
        "concurrent_per_organisation",
        "no_show_grace_minutes",
        "approval_days",
    ):
        op.add_column("resource", sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    for name in (
        "approval_days",
        "no_show_grace_minutes",
        "concurrent_per_organisation",
        "concurrent_per_project",
    ):
        op.drop_column("resource", name)
    op.drop_column("facility", "offer_version")
    op.drop_column("facility", "holiday_region")
    op.drop_column("closure", "estimated")
    op.drop_index("ix_booking_status_expires", table_name="booking")
    op.drop_index(op.f("ix_booking_series_id"), table_name="booking")
    for name in ("expires_at", "series_id", "waiver", "groups"):
        op.drop_column("booking", name)
    op.drop_table("usagerecord")
    op.drop_table("offer")
    op.drop_table("weeklyreserve")
    op.drop_table("waitlistentry")
    op.drop_table("freedtime")
    op.drop_table("bookingseries")
