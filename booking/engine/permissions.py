"""Who may do what: roles, actions, the table between them, and the one question `may`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Role(StrEnum):
    """What somebody is to a facility, an organisation or the whole installation."""

    MANAGER = "manager"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    ORGANISATION_ADMIN = "organisation_admin"
    MEMBER = "member"
    OFFICER = "officer"
    AUDITOR = "auditor"


FACILITY_ROLES: Final = frozenset({Role.MANAGER, Role.OPERATOR, Role.REVIEWER})
ORGANISATION_ROLES: Final = frozenset({Role.ORGANISATION_ADMIN, Role.MEMBER})
INSTALLATION_ROLES: Final = frozenset({Role.OFFICER, Role.AUDITOR})


class Action(StrEnum):
    """What a service does for somebody; every service asks `may` with one of these."""

    CATALOGUE_SEE_DRAFTS = "catalogue.see_drafts"
    CATALOGUE_EDIT = "catalogue.edit"
    CATALOGUE_IMPORT = "catalogue.import"
    CATALOGUE_EXPORT = "catalogue.export"
    FACILITY_CREATE = "facility.create"
    FACILITY_EDIT = "facility.edit"
    CLOSURE_EDIT = "closure.edit"
    QUALIFICATION_GRANT = "qualification.grant"
    STAFF_MANAGE = "staff.manage"
    USER_CREATE = "user.create"
    ORGANISATION_CREATE = "organisation.create"
    ORGANISATION_SEE = "organisation.see"
    ORGANISATION_EDIT = "organisation.edit"
    ORGANISATION_VERIFY = "organisation.verify"
    ORGANISATION_SUSPEND = "organisation.suspend"
    MEMBER_MANAGE = "member.manage"
    PROJECT_CREATE = "project.create"
    PROJECT_SEE = "project.see"
    PROJECT_EDIT = "project.edit"
    BOOKING_CREATE = "booking.create"
    BOOKING_SEE = "booking.see"
    BOOKING_CHANGE = "booking.change"
    ATTENDEE_SEE = "attendee.see"
    ATTENDEE_EDIT = "attendee.edit"
    BOOKING_APPROVE = "booking.approve"
    BOOKING_CHECK_IN = "booking.check_in"
    BOOKING_WAIVE = "booking.waive"
    TERMS_EDIT = "terms.edit"
    TERMS_ACCEPT = "terms.accept"
    POLICY_EDIT = "policy.edit"
    ROUND_CREATE = "round.create"
    ROUND_RUN = "round.run"
    ROUND_SEE_BOARD = "round.see_board"
    POLICY_TRY = "policy.try"
    CALCULATION_STOP = "calculation.stop"
    APPEAL_MAKE = "appeal.make"
    APPEAL_ANSWER = "appeal.answer"
    REQUEST_SUBMIT = "request.submit"
    REQUEST_SEE = "request.see"
    REVIEW_WRITE = "review.write"
    REVIEW_SEE = "review.see"
    REPORT_SEE = "report.see"
    DELIVERY_SEE = "delivery.see"
    DELIVERY_RESEND = "delivery.resend"
    AUDIT_SEE = "audit.see"
    PROFILE_SEE = "profile.see"
    PROFILE_EDIT = "profile.edit"
    TOKEN_CREATE = "token.create"  # noqa: S105 - an action's name, no secret


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, at a facility or for an organisation, or at neither for the installation.

    Raises: ValueError if the place does not fit the role.
    """

    role: Role
    facility_id: UUID | None = None
    organisation_id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse a role that stands at the wrong kind of place."""
        needs_facility = self.role in FACILITY_ROLES
        needs_organisation = self.role in ORGANISATION_ROLES
        if (self.facility_id is not None) != needs_facility:
            raise ValueError(f"A {self.role} {_is_or_not(needs_facility)} of a facility.")
        if (self.organisation_id is not None) != needs_organisation:
            raise ValueError(f"A {self.role} {_is_or_not(needs_organisation)} of an organisation.")


def _is_or_not(needed: bool) -> str:  # noqa: FBT001 - one word for another
    return "is one" if needed else "is not one"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person with grants and projects, nobody, or the system itself.

    `scopes` of None is all the person may do; a token's scopes only ever narrow that.
    """

    person_id: UUID | None = None
    grants: tuple[Grant, ...] = ()
    project_ids: frozenset[UUID] = frozenset()
    scopes: frozenset[Action] | None = None
    system: bool = False


ANONYMOUS: Final = Actor()
SYSTEM: Final = Actor(system=True)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is acted on: the places it belongs to; a place of None does not apply.

    `person_id` is the person it is about or belongs to, `project_id` its project.
    """

    facility_id: UUID | None = None
    organisation_id: UUID | None = None
    project_id: UUID | None = None
    person_id: UUID | None = None


NOWHERE: Final = Scope()

A = Action
R = Role

ALLOWED: Final[Mapping[Action, frozenset[Role]]] = {
    A.CATALOGUE_SEE_DRAFTS: frozenset({R.MANAGER, R.OPERATOR, R.OFFICER, R.AUDITOR}),
    A.CATALOGUE_EDIT: frozenset({R.MANAGER, R.OFFICER}),
    A.CATALOGUE_IMPORT: frozenset({R.MANAGER, R.OFFICER}),
    A.CATALOGUE_EXPORT: frozenset({R.MANAGER, R.OPERATOR, R.OFFICER, R.AUDITOR}),
    A.FACILITY_CREATE: frozenset({R.OFFICER}),
    A.FACILITY_EDIT: frozenset({R.MANAGER, R.OFFICER}),
    A.CLOSURE_EDIT: frozenset({R.MANAGER, R.OPERATOR, R.OFFICER}),
    A.QUALIFICATION_GRANT: frozenset({R.MANAGER, R.OPERATOR, R.OFFICER}),
    A.STAFF_MANAGE: frozenset({R.MANAGER, R.OFFICER}),
    A.USER_CREATE: frozenset({R.OFFICER}),
    A.ORGANISATION_CREATE: frozenset({R.OFFICER}),
    A.ORGANISATION_SEE: frozenset({R.ORGANISATION_ADMIN, R.MEMBER, R.OFFICER, R.AUDITOR}),
    A.ORGANISATION_EDIT: frozenset({R.ORGANISATION_ADMIN, R.OFFICER}),
    A.ORGANISATION_VERIFY: frozenset({R.OFFICER}),
    A.ORGANISATION_SUSPEND: frozenset({R.OFFICER}),
    A.MEMBER_MANAGE: frozenset({R.ORGANISATION_ADMIN, R.OFFICER}),
    A.PROJECT_CREATE: frozenset({R.ORGANISATION_ADMIN, R.MEMBER, R.OFFICER}),
    A.PROJECT_SEE: frozenset({R.ORGANISATION_ADMIN, R.OFFICER, R.AUDITOR}),
    A.PROJECT_EDIT: frozenset({R.ORGANISATION_ADMIN, R.OFFICER}),
    A.BOOKING_CREATE: frozenset({R.MANAGER, R.OFFICER}),
    A.BOOKING_SEE: frozenset(
        {R.MANAGER, R.OPERATOR, R.ORGANISATION_ADMIN, R.OFFICER, R.AUDITOR},
    ),
    A.BOOKING_CHANGE: frozenset({R.MANAGER, R.OFFICER}),
    A.ATTENDEE_SEE: frozenset({R.MANAGER, R.OFFICER, R.AUDITOR}),
    A.ATTENDEE_EDIT: frozenset({R.MANAGER, R.OFFICER}),
    A.BOOKING_APPROVE: frozenset({R.MANAGER, R.OFFICER}),
    A.BOOKING_CHECK_IN: frozenset({R.MANAGER, R.OPERATOR, R.OFFICER}),
    A.BOOKING_WAIVE: frozenset({R.MANAGER, R.OFFICER}),
    A.TERMS_EDIT: frozenset({R.MANAGER, R.OFFICER}),
    A.TERMS_ACCEPT: frozenset({R.ORGANISATION_ADMIN}),
    A.POLICY_EDIT: frozenset({R.MANAGER, R.OFFICER}),
    A.POLICY_TRY: frozenset({R.MANAGER, R.OFFICER}),
    A.CALCULATION_STOP: frozenset({R.MANAGER, R.OFFICER}),
    A.APPEAL_MAKE: frozenset({R.ORGANISATION_ADMIN}),
    A.APPEAL_ANSWER: frozenset({R.OFFICER}),
    A.ROUND_CREATE: frozenset({R.MANAGER, R.OFFICER}),
    A.ROUND_RUN: frozenset({R.MANAGER, R.OFFICER}),
    A.ROUND_SEE_BOARD: frozenset({R.MANAGER, R.OFFICER, R.AUDITOR}),
    A.REQUEST_SUBMIT: frozenset({R.ORGANISATION_ADMIN}),
    A.REQUEST_SEE: frozenset(
        {R.MANAGER, R.REVIEWER, R.ORGANISATION_ADMIN, R.OFFICER, R.AUDITOR},
    ),
    A.REVIEW_WRITE: frozenset({R.REVIEWER}),
    A.REVIEW_SEE: frozenset({R.MANAGER, R.REVIEWER, R.OFFICER, R.AUDITOR}),
    A.REPORT_SEE: frozenset({R.MANAGER, R.OFFICER, R.AUDITOR}),
    A.DELIVERY_SEE: frozenset({R.MANAGER, R.OFFICER, R.AUDITOR}),
    A.DELIVERY_RESEND: frozenset({R.MANAGER, R.OFFICER}),
    A.AUDIT_SEE: frozenset({R.OFFICER, R.AUDITOR}),
    A.PROFILE_SEE: frozenset({R.OFFICER, R.AUDITOR}),
    A.PROFILE_EDIT: frozenset({R.OFFICER}),
    A.TOKEN_CREATE: frozenset({R.OFFICER}),
}

# What the people of a project may do for it, whatever their roles.
FOR_THE_PROJECT: Final = frozenset(
    {
        A.PROJECT_SEE,
        A.PROJECT_EDIT,
        A.BOOKING_CREATE,
        A.BOOKING_SEE,
        A.BOOKING_CHANGE,
        A.BOOKING_CHECK_IN,
        A.TERMS_ACCEPT,
        A.REQUEST_SUBMIT,
        A.REQUEST_SEE,
        A.APPEAL_MAKE,
    }
)

# What a person may do with what is their own.
FOR_ONESELF: Final = frozenset(
    {
        A.PROFILE_SEE,
        A.PROFILE_EDIT,
        A.TOKEN_CREATE,
        A.ORGANISATION_CREATE,
        A.CALCULATION_STOP,
        A.ATTENDEE_SEE,
        A.ATTENDEE_EDIT,
    }
)

SEEING: Final = frozenset(
    action for action in Action if action.partition(".")[2].startswith("see")
) | {A.CATALOGUE_EXPORT}

_BOOKING: Final = frozenset(
    {
        A.BOOKING_CREATE,
        A.BOOKING_CHANGE,
        A.ATTENDEE_EDIT,
        A.BOOKING_CHECK_IN,
        A.PROJECT_CREATE,
        A.PROJECT_EDIT,
        A.TERMS_ACCEPT,
        A.REQUEST_SUBMIT,
        A.APPEAL_MAKE,
        A.CALCULATION_STOP,
    }
)

_ADMIN_ONLY: Final = frozenset(
    {
        A.FACILITY_CREATE,
        A.USER_CREATE,
        A.STAFF_MANAGE,
        A.ORGANISATION_CREATE,
        A.ORGANISATION_VERIFY,
        A.ORGANISATION_SUSPEND,
        A.APPEAL_ANSWER,
        A.PROFILE_EDIT,
        A.TOKEN_CREATE,
    }
)

# The words a token's scopes are given in; each holds what the one before it holds.
SCOPE_WORDS: Final[Mapping[str, frozenset[Action]]] = {
    "read": SEEING,
    "book": SEEING | _BOOKING,
    "manage": frozenset(Action) - _ADMIN_ONLY,
    "admin": frozenset(Action),
}


def scopes_of(words: frozenset[str]) -> frozenset[Action] | None:
    """Turn a token's scope words into actions; no word at all narrows nothing: None.

    Raises: ValueError for a word that is no scope.
    """
    unknown = sorted(words - set(SCOPE_WORDS))
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} is no scope; choose from {', '.join(SCOPE_WORDS)}.",
        )
    if not words:
        return None
    return frozenset().union(*(SCOPE_WORDS[word] for word in words))


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an actor may take an action: everywhere, or at these places."""

    everywhere: bool = False
    facility_ids: frozenset[UUID] = frozenset()
    organisation_ids: frozenset[UUID] = frozenset()
    project_ids: frozenset[UUID] = frozenset()


def reach(actor: Actor, action: Action) -> Reach:
    """Say where `may` lets the actor take an action, but for what is the actor's own.

    For whoever asks about many things at once.
    """
    if actor.system:
        return Reach(everywhere=True)
    if actor.person_id is None or (actor.scopes is not None and action not in actor.scopes):
        return Reach()
    counting = [each for each in actor.grants if each.role in ALLOWED[action]]
    return Reach(
        everywhere=any(each.role in INSTALLATION_ROLES for each in counting),
        facility_ids=frozenset(
            each.facility_id for each in counting if each.facility_id is not None
        ),
        organisation_ids=frozenset(
            each.organisation_id for each in counting if each.organisation_id is not None
        ),
        project_ids=actor.project_ids if action in FOR_THE_PROJECT else frozenset(),
    )


def may(actor: Actor, action: Action, scope: Scope) -> bool:
    """Say whether the actor may do this to what the scope describes.

    The system may everything; nobody signed in may nothing. A role counts where it
    stands: at its own facility, for its own organisation, or everywhere.
    """
    if actor.system:
        return True
    if actor.person_id is None:
        return False
    if actor.scopes is not None and action not in actor.scopes:
        return False
    return (
        _by_project(actor, action, scope)
        or _by_self(actor, action, scope)
        or any(_by_grant(grant, action, scope) for grant in actor.grants)
    )


def _by_project(actor: Actor, action: Action, scope: Scope) -> bool:
    return action in FOR_THE_PROJECT and scope.project_id in actor.project_ids


def _by_self(actor: Actor, action: Action, scope: Scope) -> bool:
    return action in FOR_ONESELF and scope.person_id == actor.person_id


def _by_grant(grant: Grant, action: Action, scope: Scope) -> bool:
    if grant.role not in ALLOWED[action]:
        return False
    if grant.role in INSTALLATION_ROLES:
        return True
    if grant.role in FACILITY_ROLES:
        return scope.facility_id == grant.facility_id
    return scope.organisation_id == grant.organisation_id
