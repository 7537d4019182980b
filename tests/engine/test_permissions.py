from itertools import product
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.engine.permissions import (
    ALLOWED,
    ANONYMOUS,
    FACILITY_ROLES,
    FOR_ONESELF,
    FOR_THE_PROJECT,
    INSTALLATION_ROLES,
    NOWHERE,
    SCOPE_WORDS,
    SEEING,
    SYSTEM,
    Action,
    Actor,
    Grant,
    Reach,
    Role,
    Scope,
    may,
    reach,
    scopes_of,
)

SPACE = UUID("11111111-2222-3333-4444-555555555555")
PERSON, OTHER_PERSON = uuid5(SPACE, "person"), uuid5(SPACE, "other person")
FACILITY, OTHER_FACILITY = uuid5(SPACE, "facility"), uuid5(SPACE, "other facility")
FIRM, OTHER_FIRM = uuid5(SPACE, "firm"), uuid5(SPACE, "other firm")
PROJECT, OTHER_PROJECT = uuid5(SPACE, "project"), uuid5(SPACE, "other project")

OWN = Scope(FACILITY, FIRM, OTHER_PROJECT, OTHER_PERSON)
OTHER = Scope(OTHER_FACILITY, OTHER_FIRM, OTHER_PROJECT, OTHER_PERSON)


def grant(role: Role) -> Grant:
    if role in FACILITY_ROLES:
        return Grant(role, facility_id=FACILITY)
    if role in INSTALLATION_ROLES:
        return Grant(role)
    return Grant(role, organisation_id=FIRM)


def actor(*roles: Role) -> Actor:
    return Actor(PERSON, tuple(grant(role) for role in roles))


@pytest.mark.parametrize(("role", "action"), tuple(product(Role, Action)))
def test_may__each_role_and_action__is_the_table_at_its_own_place(
    role: Role, action: Action
) -> None:
    listed = role in ALLOWED[action]
    assert may(actor(role), action, OWN) == listed
    assert may(actor(role), action, OTHER) == (listed and role in INSTALLATION_ROLES)
    assert may(actor(role), action, NOWHERE) == (listed and role in INSTALLATION_ROLES)


def test_allowed__every_action__has_a_row_and_somebody() -> None:
    assert set(ALLOWED) == set(Action)
    assert all(ALLOWED.values())


def test_allowed__officer__may_what_a_manager_may() -> None:
    assert all(Role.OFFICER in roles for roles in ALLOWED.values() if Role.MANAGER in roles)


def test_allowed__auditor__sees_everything_and_changes_nothing() -> None:
    assert {action for action in Action if Role.AUDITOR in ALLOWED[action]} == SEEING


@pytest.mark.parametrize("action", tuple(Action))
def test_may__nobody_signed_in__may_nothing(action: Action) -> None:
    assert not may(ANONYMOUS, action, OWN)
    assert not may(Actor(None, (grant(Role.OFFICER),)), action, OWN)
    assert not may(ANONYMOUS, action, NOWHERE)
    assert may(SYSTEM, action, NOWHERE)


@pytest.mark.parametrize("action", tuple(Action))
def test_may__person_of_the_project__acts_for_it_alone(action: Action) -> None:
    person = Actor(PERSON, project_ids=frozenset({PROJECT}))
    assert may(person, action, Scope(project_id=PROJECT)) == (action in FOR_THE_PROJECT)
    assert not may(person, action, Scope(project_id=OTHER_PROJECT))
    assert not may(person, action, NOWHERE)


@pytest.mark.parametrize("action", tuple(Action))
def test_may__own_things__are_ones_own(action: Action) -> None:
    assert may(Actor(PERSON), action, Scope(person_id=PERSON)) == (action in FOR_ONESELF)
    assert not may(Actor(PERSON), action, Scope(person_id=OTHER_PERSON))


def test_may__member__creates_projects_of_the_own_organisation() -> None:
    assert may(actor(Role.MEMBER), Action.PROJECT_CREATE, Scope(organisation_id=FIRM))
    assert not may(actor(Role.MEMBER), Action.PROJECT_CREATE, Scope(organisation_id=OTHER_FIRM))
    assert not may(actor(Role.MANAGER), Action.PROJECT_CREATE, OWN)


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.MANAGER, {}),
        (Role.MANAGER, {"organisation_id": FIRM}),
        (Role.MANAGER, {"facility_id": FACILITY, "organisation_id": FIRM}),
        (Role.MEMBER, {"facility_id": FACILITY}),
        (Role.MEMBER, {}),
        (Role.OFFICER, {"facility_id": FACILITY}),
        (Role.AUDITOR, {"organisation_id": FIRM}),
    ],
)
def test_grant__wrong_place__is_refused(role: Role, place: dict[str, UUID]) -> None:
    with pytest.raises(ValueError, match=role):
        Grant(role, **place)


def test_scopes_of__words__are_actions_and_none_narrows_nothing() -> None:
    assert scopes_of(frozenset()) is None
    assert scopes_of(frozenset({"read", "book"})) == SCOPE_WORDS["book"]
    with pytest.raises(ValueError, match="choose from read, book, manage, admin"):
        scopes_of(frozenset({"write"}))


def test_scope_words__each__holds_the_one_before() -> None:
    read, book, manage, admin = SCOPE_WORDS.values()
    assert read < book < manage < admin == frozenset(Action)


actors = st.builds(
    Actor,
    st.just(PERSON),
    st.lists(st.sampled_from([grant(role) for role in Role]), max_size=3).map(tuple),
    st.sampled_from([frozenset[UUID](), frozenset({PROJECT})]),
)
scopes = st.builds(
    Scope,
    st.sampled_from([None, FACILITY, OTHER_FACILITY]),
    st.sampled_from([None, FIRM, OTHER_FIRM]),
    st.sampled_from([None, PROJECT, OTHER_PROJECT]),
    st.sampled_from([None, PERSON, OTHER_PERSON]),
)


@given(actors, st.sampled_from(Action), scopes)
def test_what_is_in_reach_is_what_may_be_done_but_for_ones_own(
    person: Actor, action: Action, scope: Scope
) -> None:
    found = reach(person, action)
    in_reach = (
        found.everywhere
        or scope.facility_id in found.facility_ids
        or scope.organisation_id in found.organisation_ids
        or scope.project_id in found.project_ids
    )
    nobodys = Scope(scope.facility_id, scope.organisation_id, scope.project_id)
    assert in_reach == may(person, action, nobodys)


def test_reach__nobody_or_the_system__is_nowhere_or_everywhere() -> None:
    assert reach(ANONYMOUS, Action.BOOKING_SEE) == Reach()
    assert reach(Actor(PERSON, scopes=frozenset()), Action.BOOKING_SEE) == Reach()
    assert reach(SYSTEM, Action.BOOKING_SEE).everywhere


@given(
    actors,
    st.sampled_from(Action),
    scopes,
    st.frozensets(st.sampled_from(sorted(SCOPE_WORDS)), min_size=1),
)
def test_scopes_only_ever_narrow(
    person: Actor, action: Action, scope: Scope, words: frozenset[str]
) -> None:
    narrowed = Actor(person.person_id, person.grants, person.project_ids, scopes_of(words))
    if may(narrowed, action, scope):
        assert may(person, action, scope)
