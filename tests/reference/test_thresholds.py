from datetime import date

from booking.reference.thresholds import thresholds_on


def test_thresholds_on__since_2005__rise_from_micro_to_medium() -> None:
    sizes = thresholds_on(date(2005, 1, 1))
    assert [each.size for each in sizes] == ["micro", "small", "medium"]
    assert [each.staff_below for each in sizes] == [10, 50, 250]
    medium = sizes[-1]
    assert (medium.turnover_eur, medium.balance_sheet_eur) == (50_000_000, 43_000_000)


def test_thresholds_on__before_2005__are_none() -> None:
    assert thresholds_on(date(2004, 12, 31)) == ()
