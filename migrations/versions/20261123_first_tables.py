"""The first tables, and the guards against double booking."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from booking.guards import guard_drops, guard_statements

revision = "20261123"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("ror_id", sa.String(40), nullable=True),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("ror_id", name=op.f("uq_organisation_ror_id")),
    )
    op.create_index(op.f("ix_organisation_name"), "organisation", ["name"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("orcid", sa.String(19), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "apitoken",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column(
            "scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_apitoken_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apitoken")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_apitoken_token_hash")),
    )
    op.create_index(op.f("ix_apitoken_person_id"), "apitoken", ["person_id"], unique=False)

    op.create_table(
        "calendartoken",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("of", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_calendartoken_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendartoken")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendartoken_token_hash")),
    )
    op.create_index(
        op.f("ix_calendartoken_person_id"), "calendartoken", ["person_id"], unique=False
    )

    op.create_table(
        "facility",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("access_policy", sa.String(), nullable=False),
        sa.Column("contact_name", sa.String(), nullable=False),
        sa.Column("contact_email", sa.String(), nullable=False),
        sa.Column("contact_url", sa.String(), nullable=False),
        sa.Column("mail_from", sa.String(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_facility_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
        sa.UniqueConstraint("slug", name=op.f("uq_facility_slug")),
    )
    op.create_index(
        op.f("ix_facility_organisation_id"), "facility", ["organisation_id"], unique=False
    )

    op.create_table(
        "keptreply",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_keptreply_person_id")),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_keptreply")),
    )
    op.create_table(
        "organisationfact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column(
            "value", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("declared_by", sa.Uuid(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["declared_by"], ["person.id"], name=op.f("fk_organisationfact_declared_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisationfact_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["verified_by"], ["person.id"], name=op.f("fk_organisationfact_verified_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisationfact")),
        sa.UniqueConstraint(
            "organisation_id",
            "name",
            "as_of",
            name=op.f("uq_organisationfact_organisation_id_name_as_of"),
        ),
    )
    op.create_index(
        op.f("ix_organisationfact_organisation_id"),
        "organisationfact",
        ["organisation_id"],
        unique=False,
    )

    op.create_table(
        "project",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("principal_investigator_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("field", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_project_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["principal_investigator_id"],
            ["person.id"],
            name=op.f("fk_project_principal_investigator_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    op.create_index(
        op.f("ix_project_organisation_id"), "project", ["organisation_id"], unique=False
    )

    op.create_table(
        "signinlink",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_signinlink_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signinlink")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_signinlink_token_hash")),
    )
    op.create_index(op.f("ix_signinlink_person_id"), "signinlink", ["person_id"], unique=False)

    op.create_table(
        "websession",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_websession_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_websession")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_websession_token_hash")),
    )
    op.create_index(op.f("ix_websession_person_id"), "websession", ["person_id"], unique=False)

    op.create_table(
        "admittedproject",
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_admittedproject_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_admittedproject_project_id")
        ),
        sa.PrimaryKeyConstraint("facility_id", "project_id", name=op.f("pk_admittedproject")),
    )
    op.create_index(
        op.f("ix_admittedproject_project_id"), "admittedproject", ["project_id"], unique=False
    )

    op.create_table(
        "event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("facility_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("fanned_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_event_actor_id")),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_event_facility_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("position", name=op.f("uq_event_position")),
    )
    op.create_index(op.f("ix_event_facility_id"), "event", ["facility_id"], unique=False)
    op.create_index(op.f("ix_event_fanned_out_at"), "event", ["fanned_out_at"], unique=False)
    op.create_index("ix_event_subject", "event", ["subject_id"], unique=False)

    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "facility_id IS NULL OR organisation_id IS NULL", name="membership_in_one_place"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_membership_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_facility_id"), "membership", ["facility_id"], unique=False)
    op.create_index(
        op.f("ix_membership_organisation_id"), "membership", ["organisation_id"], unique=False
    )
    op.create_index("ix_membership_person", "membership", ["person_id"], unique=False)

    op.create_table(
        "policyversion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "ladder", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("cap_share_ppm", sa.Integer(), nullable=True),
        sa.Column("release_first_days", sa.Integer(), nullable=False),
        sa.Column("release_all_days", sa.Integer(), nullable=False),
        sa.Column("half_life_days", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_policyversion_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["published_by"], ["person.id"], name=op.f("fk_policyversion_published_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policyversion")),
        sa.UniqueConstraint(
            "facility_id", "number", name=op.f("uq_policyversion_facility_id_number")
        ),
    )
    op.create_table(
        "projectmember",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_projectmember_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_projectmember_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "person_id", name=op.f("pk_projectmember")),
    )
    op.create_index(
        op.f("ix_projectmember_person_id"), "projectmember", ["person_id"], unique=False
    )

    op.create_table(
        "resource",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(120), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("technique", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("unit_label", sa.String(40), nullable=False),
        sa.Column("rate_thousandths", sa.Integer(), nullable=False),
        sa.Column(
            "rates", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("grid_minutes", sa.Integer(), nullable=False),
        sa.Column("minimum_minutes", sa.Integer(), nullable=True),
        sa.Column("maximum_minutes", sa.Integer(), nullable=True),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer(), nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer(), nullable=False),
        sa.Column("cancel_by_minutes", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(40), nullable=False),
        sa.Column("access_by", sa.String(40), nullable=False),
        sa.Column("qualification_needed", sa.Boolean(), nullable=False),
        sa.Column("persistent_identifier", sa.String(), nullable=False),
        sa.Column("manufacturer", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column(
            "measured_variables",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("contact_name", sa.String(), nullable=False),
        sa.Column("contact_email", sa.String(), nullable=False),
        sa.Column("contact_url", sa.String(), nullable=False),
        sa.Column("web_address", sa.String(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("source_key", sa.String(300), nullable=False),
        sa.Column(
            "imported", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("imported_position", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("capacity >= 1", name="capacity_at_least_one"),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_resource_facility_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
        sa.UniqueConstraint(
            "facility_id",
            "source",
            "source_key",
            name=op.f("uq_resource_facility_id_source_source_key"),
        ),
    )
    op.create_index(
        "ix_resource_facility_state", "resource", ["facility_id", "state"], unique=False
    )
    op.create_index(op.f("ix_resource_kind"), "resource", ["kind"], unique=False)

    op.create_table(
        "termsversion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_termsversion_facility_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_termsversion")),
        sa.UniqueConstraint(
            "facility_id", "number", name=op.f("uq_termsversion_facility_id_number")
        ),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="closure_ends_after_it_starts"),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_closure_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_closure_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index("ix_closure_facility_ends", "closure", ["facility_id", "ends_at"], unique=False)
    op.create_index(op.f("ix_closure_resource_id"), "closure", ["resource_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("event_id", "address", name=op.f("uq_delivery_event_id_address")),
        sa.UniqueConstraint("message_id", name=op.f("uq_delivery_message_id")),
    )
    op.create_index(op.f("ix_delivery_person_id"), "delivery", ["person_id"], unique=False)
    op.create_index("ix_delivery_state_due", "delivery", ["state", "due_at"], unique=False)

    op.create_table(
        "equitygroup",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("rule", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("reserved_share_ppm", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_version_id"],
            ["policyversion.id"],
            name=op.f("fk_equitygroup_policy_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equitygroup")),
        sa.UniqueConstraint(
            "policy_version_id", "key", name=op.f("uq_equitygroup_policy_version_id_key")
        ),
    )
    op.create_table(
        "openinghours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_openinghours_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_openinghours_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openinghours")),
    )
    op.create_index(
        op.f("ix_openinghours_facility_id"), "openinghours", ["facility_id"], unique=False
    )
    op.create_index(
        op.f("ix_openinghours_resource_id"), "openinghours", ["resource_id"], unique=False
    )

    op.create_table(
        "qualification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["person.id"], name=op.f("fk_qualification_granted_by")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_qualification_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_qualification_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification")),
        sa.UniqueConstraint(
            "person_id", "resource_id", name=op.f("uq_qualification_person_id_resource_id")
        ),
    )
    op.create_index(
        op.f("ix_qualification_resource_id"), "qualification", ["resource_id"], unique=False
    )

    op.create_table(
        "round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("call_opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision_on", sa.Date(), nullable=False),
        sa.Column("access_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("access_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("quality_threshold", sa.Integer(), nullable=False),
        sa.Column("policy_version_id", sa.Uuid(), nullable=True),
        sa.Column("seed", sa.String(64), nullable=False),
        sa.Column("seed_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("access_starts_at < access_ends_at", name="access_ends_after_it_starts"),
        sa.CheckConstraint("call_opens_at < call_closes_at", name="call_ends_after_it_starts"),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_round_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policyversion.id"], name=op.f("fk_round_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("slug", name=op.f("uq_round_slug")),
    )
    op.create_index(op.f("ix_round_facility_id"), "round", ["facility_id"], unique=False)

    op.create_table(
        "termsacceptance",
        sa.Column("terms_version_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_termsacceptance_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_termsacceptance_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["terms_version_id"],
            ["termsversion.id"],
            name=op.f("fk_termsacceptance_terms_version_id"),
        ),
        sa.PrimaryKeyConstraint("terms_version_id", "project_id", name=op.f("pk_termsacceptance")),
    )
    op.create_index(
        op.f("ix_termsacceptance_project_id"), "termsacceptance", ["project_id"], unique=False
    )

    op.create_table(
        "accessrequest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("merit", sa.Integer(), nullable=True),
        sa.Column(
            "memberships", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("fair_share_millionths", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_accessrequest_project_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_accessrequest_round_id")),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["person.id"], name=op.f("fk_accessrequest_submitted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accessrequest")),
    )
    op.create_index(
        op.f("ix_accessrequest_project_id"), "accessrequest", ["project_id"], unique=False
    )
    op.create_index(op.f("ix_accessrequest_round_id"), "accessrequest", ["round_id"], unique=False)

    op.create_table(
        "roundfacility",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("offered_credit_thousandths", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_roundfacility_facility_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_roundfacility_round_id")),
        sa.PrimaryKeyConstraint("round_id", "facility_id", name=op.f("pk_roundfacility")),
    )
    op.create_index(
        op.f("ix_roundfacility_facility_id"), "roundfacility", ["facility_id"], unique=False
    )

    op.create_table(
        "roundresult",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("problem_sha256", sa.String(64), nullable=False),
        sa.Column("result_sha256", sa.String(64), nullable=False),
        sa.Column("objective", sa.Float(), nullable=False),
        sa.Column("bound", sa.Float(), nullable=False),
        sa.Column("gap", sa.Float(), nullable=False),
        sa.Column("allocated_by", sa.Uuid(), nullable=True),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocated_by"], ["person.id"], name=op.f("fk_roundresult_allocated_by")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_roundresult_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roundresult")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_roundresult_round_id_number")),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.String(200), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(60), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity >= 1", name="quantity_at_least_one"),
        sa.CheckConstraint("starts_at < ends_at", name="booking_ends_after_it_starts"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_booking_person_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_booking_project_id")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["accessrequest.id"], name=op.f("fk_booking_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_booking_resource_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("uid", name=op.f("uq_booking_uid")),
    )
    op.create_index("ix_booking_person_starts", "booking", ["person_id", "starts_at"], unique=False)
    op.create_index(
        "ix_booking_project_starts", "booking", ["project_id", "starts_at"], unique=False
    )
    op.create_index(op.f("ix_booking_request_id"), "booking", ["request_id"], unique=False)
    op.create_index("ix_booking_resource_ends", "booking", ["resource_id", "ends_at"], unique=False)
    op.create_index(
        "ix_booking_resource_starts", "booking", ["resource_id", "starts_at"], unique=False
    )

    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("points_needed_per_hour", sa.Integer(), nullable=True),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "placements", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["accessrequest.id"], name=op.f("fk_decision_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["roundresult.id"], name=op.f("fk_decision_result_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint(
            "result_id", "request_id", name=op.f("uq_decision_result_id_request_id")
        ),
    )
    op.create_index(op.f("ix_decision_request_id"), "decision", ["request_id"], unique=False)

    op.create_table(
        "requestedsession",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["accessrequest.id"], name=op.f("fk_requestedsession_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requestedsession")),
        sa.UniqueConstraint(
            "request_id", "position", name=op.f("uq_requestedsession_request_id_position")
        ),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("conflict", sa.String(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(score IS NULL) = (conflict <> '')", name="score_or_conflict"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["accessrequest.id"], name=op.f("fk_review_request_id")
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint(
            "request_id", "reviewer_id", name=op.f("uq_review_request_id_reviewer_id")
        ),
    )
    op.create_index(op.f("ix_review_reviewer_id"), "review", ["reviewer_id"], unique=False)

    op.create_table(
        "bookingtext",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("vevent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_bookingtext_booking_id")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_bookingtext")),
    )
    op.create_table(
        "ledgerentry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("group_key", sa.String(60), nullable=False),
        sa.Column("access_units", sa.BigInteger(), nullable=False),
        sa.Column("credit_thousandths", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_ledgerentry_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_ledgerentry_facility_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ledgerentry_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_ledgerentry_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledgerentry")),
    )
    op.create_index(op.f("ix_ledgerentry_booking_id"), "ledgerentry", ["booking_id"], unique=False)
    op.create_index(
        op.f("ix_ledgerentry_facility_id"), "ledgerentry", ["facility_id"], unique=False
    )
    op.create_index(
        op.f("ix_ledgerentry_organisation_id"), "ledgerentry", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_ledgerentry_project_id"), "ledgerentry", ["project_id"], unique=False)

    op.create_table(
        "requestedalternative",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resource_id"], ["resource.id"], name=op.f("fk_requestedalternative_resource_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["requestedsession.id"], name=op.f("fk_requestedalternative_session_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requestedalternative")),
        sa.UniqueConstraint(
            "session_id", "position", name=op.f("uq_requestedalternative_session_id_position")
        ),
    )
    op.create_index(
        op.f("ix_requestedalternative_resource_id"),
        "requestedalternative",
        ["resource_id"],
        unique=False,
    )
    for statement in guard_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in guard_drops(op.get_bind().dialect.name):
        op.execute(statement)

    op.drop_table("requestedalternative")

    op.drop_table("ledgerentry")
    op.drop_table("bookingtext")

    op.drop_table("review")
    op.drop_table("requestedsession")

    op.drop_table("decision")

    op.drop_table("booking")
    op.drop_table("roundresult")

    op.drop_table("roundfacility")

    op.drop_table("accessrequest")

    op.drop_table("termsacceptance")

    op.drop_table("round")

    op.drop_table("qualification")

    op.drop_table("openinghours")
    op.drop_table("equitygroup")

    op.drop_table("delivery")

    op.drop_table("closure")
    op.drop_table("termsversion")

    op.drop_table("resource")

    op.drop_table("projectmember")
    op.drop_table("policyversion")

    op.drop_table("membership")

    op.drop_table("event")

    op.drop_table("admittedproject")

    op.drop_table("websession")

    op.drop_table("signinlink")

    op.drop_table("project")

    op.drop_table("organisationfact")
    op.drop_table("keptreply")

    op.drop_table("facility")

    op.drop_table("calendartoken")

    op.drop_table("apitoken")
    op.drop_table("person")

    op.drop_table("organisation")
