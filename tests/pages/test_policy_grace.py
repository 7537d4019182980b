"""The policy's days of grace, on the form that edits it."""

from api.pages.fields import typed
from api.pages.policy_form import values_of, wish_in
from booking.services.policies import PolicyWish


def test_wish_in__days_of_grace__come_back_as_they_were_published() -> None:
    for days in (0, 30):
        form = typed(values_of(PolicyWish(grace_days=days)))
        assert wish_in(form).grace_days == days


def test_wish_in__days_of_grace_that_are_none__told_at_their_field() -> None:
    form = typed(values_of(PolicyWish()) | {"grace_days": "-1"})
    wish_in(form)
    assert [each.pointer for each in form.faults] == ["/grace_days"]
