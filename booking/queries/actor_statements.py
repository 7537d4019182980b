"""The statements that tell who acts, built once: one round trip for a token or a cookie.

Each row is a role of the person or one of their projects. A row without either is among
them, so that nothing found means that nobody is behind the token.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    String,
    Uuid,
    bindparam,
    cast,
    null,
    select,
    union_all,
)
from sqlmodel import col

from booking.engine.permissions import Role
from booking.models import ApiToken, Membership, Person, ProjectMember, WebSession
from booking.models.columns import Json, UtcDateTime, Word

_HASH: Final = bindparam("token_hash", type_=String)
_NOW: Final = bindparam("now", type_=UtcDateTime)
_NO_ID: Final = cast(null(), Uuid)
_NO_ROLE: Final = cast(null(), Word(Role))
_NO_SCOPES: Final = cast(null(), Json)


def _actor(
    person_id: Any, *conditions: ColumnElement[bool], scopes: Any = _NO_SCOPES
) -> CompoundSelect[Any]:
    """Select the person that `conditions` leave, then their roles, then their projects."""
    return union_all(
        select(
            person_id.label("person_id"),
            scopes.label("scopes"),
            _NO_ROLE.label("role"),
            _NO_ID.label("facility_id"),
            _NO_ID.label("organisation_id"),
            _NO_ID.label("project_id"),
        ).where(*conditions),
        select(
            person_id,
            _NO_SCOPES,
            col(Membership.role),
            col(Membership.facility_id),
            col(Membership.organisation_id),
            _NO_ID,
        ).where(col(Membership.person_id) == person_id, *conditions),
        select(
            person_id, _NO_SCOPES, _NO_ROLE, _NO_ID, _NO_ID, col(ProjectMember.project_id)
        ).where(col(ProjectMember.person_id) == person_id, *conditions),
    )


BY_PERSON: Final = _actor(col(Person.id), col(Person.id) == bindparam("person_id", type_=Uuid))
BY_TOKEN: Final = _actor(
    col(ApiToken.person_id),
    col(ApiToken.token_hash) == _HASH,
    col(ApiToken.revoked_at).is_(None),
    col(ApiToken.expires_at) > _NOW,
    scopes=col(ApiToken.scopes),
)
BY_COOKIE: Final = _actor(
    col(WebSession.person_id),
    col(WebSession.token_hash) == _HASH,
    col(WebSession.expires_at) > _NOW,
)
