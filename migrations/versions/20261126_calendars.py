"""Attendees, answers, one-time links, CalDAV accounts with their sync, outside busy time.

Columns are added in place: no table is rebuilt, so SQLite keeps its triggers.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261126"
down_revision = "20261125"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "syncstate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_token_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column(
            "members", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_token_id"], ["calendartoken.id"], name=op.f("fk_syncstate_calendar_token_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_syncstate")),
    )
    op.create_index("ix_syncstate_token_made", "syncstate", ["calendar_token_id", "made_at"])

    op.create_table(
        "busycalendar",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(2000), nullable=True),
        sa.Column("etag", sa.String(500), nullable=False),
        sa.Column("last_modified", sa.String(100), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (resource_id IS NULL)", name="busy_calendar_of_one"
        ),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_busycalendar_added_by")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_busycalendar_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_busycalendar_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busycalendar")),
    )
    op.create_index("ix_busycalendar_due", "busycalendar", ["due_at"])
    op.create_index(op.f("ix_busycalendar_person_id"), "busycalendar", ["person_id"])
    op.create_index(op.f("ix_busycalendar_resource_id"), "busycalendar", ["resource_id"])

    op.create_table(
        "busytime",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("busy_calendar_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="busy_time_ends_after_it_starts"),
        sa.ForeignKeyConstraint(
            ["busy_calendar_id"], ["busycalendar.id"], name=op.f("fk_busytime_busy_calendar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busytime")),
    )
    op.create_index("ix_busytime_calendar_starts", "busytime", ["busy_calendar_id", "starts_at"])

    op.create_table(
        "actionlink",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_actionlink_booking_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_actionlink_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actionlink")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_actionlink_token_hash")),
    )
    op.create_index(op.f("ix_actionlink_booking_id"), "actionlink", ["booking_id"])
    op.create_index(op.f("ix_actionlink_person_id"), "actionlink", ["person_id"])

    op.create_table(
        "bookingalarm",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("minutes_before", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_bookingalarm_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_bookingalarm_person_id")
        ),
        sa.PrimaryKeyConstraint("booking_id", "person_id", name=op.f("pk_bookingalarm")),
    )
    op.create_index(op.f("ix_bookingalarm_person_id"), "bookingalarm", ["person_id"])

    op.create_table(
        "bookingattendee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("participation", sa.String(40), nullable=False),
        sa.Column("answered_sequence", sa.Integer(), nullable=True),
        sa.Column("answered_stamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["added_by"], ["person.id"], name=op.f("fk_bookingattendee_added_by")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_bookingattendee_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_bookingattendee_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookingattendee")),
        sa.UniqueConstraint(
            "booking_id", "address", name=op.f("uq_bookingattendee_booking_id_address")
        ),
    )
    op.create_index(op.f("ix_bookingattendee_address"), "bookingattendee", ["address"])
    op.create_index(op.f("ix_bookingattendee_person_id"), "bookingattendee", ["person_id"])

    op.create_table(
        "bookinghref",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_bookinghref_booking_id")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_bookinghref")),
    )
    op.create_index(op.f("ix_bookinghref_name"), "bookinghref", ["name"])

    op.create_table(
        "clientedit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_token_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_clientedit_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["calendar_token_id"],
            ["calendartoken.id"],
            name=op.f("fk_clientedit_calendar_token_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clientedit")),
    )
    op.create_index(op.f("ix_clientedit_booking_id"), "clientedit", ["booking_id"])
    op.create_index(
        "ix_clientedit_token_happened", "clientedit", ["calendar_token_id", "happened_at"]
    )

    op.create_table(
        "incomingmail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("via", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_incomingmail_booking_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incomingmail")),
        sa.UniqueConstraint("digest", name=op.f("uq_incomingmail_digest")),
    )
    op.create_index(op.f("ix_incomingmail_booking_id"), "incomingmail", ["booking_id"])
    op.create_index("ix_incomingmail_outcome_received", "incomingmail", ["outcome", "received_at"])

    op.add_column(
        "calendartoken",
        sa.Column("access", sa.String(40), nullable=False, server_default="read-only"),
    )
    op.add_column("calendartoken", sa.Column("username", sa.String(60), nullable=True))
    op.create_index("ix_calendartoken_username", "calendartoken", ["username"], unique=True)

    op.add_column("closure", sa.Column("busy_calendar_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_closure_busy_calendar_id"), "closure", ["busy_calendar_id"])

    op.add_column(
        "facility", sa.Column("locale", sa.String(10), nullable=False, server_default="en")
    )

    op.add_column(
        "person", sa.Column("calendar_mail", sa.String(40), nullable=False, server_default="invite")
    )
    op.add_column("person", sa.Column("alarm_minutes", sa.Integer(), nullable=True))
    op.add_column("person", sa.Column("digest_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "digest_on")
    op.drop_column("person", "alarm_minutes")
    op.drop_column("person", "calendar_mail")

    op.drop_column("facility", "locale")

    op.drop_index(op.f("ix_closure_busy_calendar_id"), "closure")
    op.drop_column("closure", "busy_calendar_id")

    op.drop_index("ix_calendartoken_username", "calendartoken")
    op.drop_column("calendartoken", "username")
    op.drop_column("calendartoken", "access")

    op.drop_index("ix_incomingmail_outcome_received", "incomingmail")
    op.drop_index(op.f("ix_incomingmail_booking_id"), "incomingmail")

    op.drop_table("incomingmail")
    op.drop_index("ix_clientedit_token_happened", "clientedit")
    op.drop_index(op.f("ix_clientedit_booking_id"), "clientedit")

    op.drop_table("clientedit")
    op.drop_index(op.f("ix_bookinghref_name"), "bookinghref")

    op.drop_table("bookinghref")
    op.drop_index(op.f("ix_bookingattendee_person_id"), "bookingattendee")
    op.drop_index(op.f("ix_bookingattendee_address"), "bookingattendee")

    op.drop_table("bookingattendee")
    op.drop_index(op.f("ix_bookingalarm_person_id"), "bookingalarm")

    op.drop_table("bookingalarm")
    op.drop_index(op.f("ix_actionlink_person_id"), "actionlink")
    op.drop_index(op.f("ix_actionlink_booking_id"), "actionlink")

    op.drop_table("actionlink")
    op.drop_index("ix_busytime_calendar_starts", "busytime")

    op.drop_table("busytime")
    op.drop_index(op.f("ix_busycalendar_resource_id"), "busycalendar")
    op.drop_index(op.f("ix_busycalendar_person_id"), "busycalendar")
    op.drop_index("ix_busycalendar_due", "busycalendar")

    op.drop_table("busycalendar")
    op.drop_index("ix_syncstate_token_made", "syncstate")

    op.drop_table("syncstate")
