"""What each figure of the equity report means, said beside it wherever it stands."""

from collections.abc import Mapping
from typing import Final

DEFINITIONS: Final[Mapping[str, str]] = {
    "reserved_credits": (
        "Hours reserved for the group: its published share of the hours offered. An hour is one "
        "unit for one hour at rate 1."
    ),
    "target_share": "Hours reserved for the group, of the hours offered where it has a reserve.",
    "organisations": "Organisations whose requests were decided.",
    "requests": "Requests that were decided.",
    "credited_credits": (
        "Hours of the group's members that count towards its reserve. Each hour counts for one "
        "group at most, also where its organisation belongs to several."
    ),
    "attainment": "Hours credited to the group, of the hours reserved for it.",
    "share": "Hours credited to the group, of all hours allocated.",
    "member_share": (
        "All hours that the group's members hold, of all hours allocated. Whoever belongs to "
        "several groups counts in each, so these shares can add up to more than 100 %."
    ),
    "asked_share": (
        "Hours that the group's members asked for, of all hours asked for by requests that were "
        "eligible; each session at its first choice."
    ),
    "demand_met": (
        "Hours that the group's members hold, of those they asked for. It passes 100 % where a "
        "later choice costs more hours than the first."
    ),
    "success_rate": "Requests granted, of the requests decided.",
    "median_waiting_days": (
        "Days from sending a request to its published decision: half waited less, half more."
    ),
    "offered_credits": "Hours offered: units x rate x open hours.",
    "allocated_credits": "Hours that requests were given.",
    "utilisation": "Hours allocated, of the hours offered.",
    "jain": (
        "Jain's index of what organisations got of what they asked for: 1 where all got the same "
        "part."
    ),
    "gini": "Gini coefficient of the same parts: 0 where all are equal, near 1 where one has all.",
    "largest_share": "Hours of the organisation that holds most, of all hours allocated.",
    "herfindahl": (
        "Sum of the squared shares of the organisations in the hours allocated: 1 where one holds "
        "all, 1 over their number where all hold the same."
    ),
    "mean_merit": ("The reviewers' score, weighted by allocated hours, of the rounds as a whole."),
    "mean_merit_by_merit": (
        "The same in the best timetable found by merit alone, with nothing reserved; missing "
        "where that timetable was not kept for every round."
    ),
    "price_of_fairness": (
        "Merit points given up for the reserves: 1 less the points of the timetable over those of "
        "the best one found by merit alone. Of the rounds as a whole."
    ),
    "price_of_fairness_low": (
        "The least the price can be, were this timetable as good as its proven gap allows."
    ),
    "price_of_fairness_high": (
        "The most it can be, were the one by merit alone as good as its proven gap allows."
    ),
    "points_per_hour": (
        "Merit points that each offered hour carries: score x factor of past use, 0 for an empty "
        "hour. Of the rounds as a whole."
    ),
    "points_per_hour_by_merit": (
        "The same in the best timetable found by merit alone, with nothing reserved. It is "
        "reckoned from the price of fairness."
    ),
    "gap": "How far the timetable may be below the best possible one, proven.",
    "wish_days": (
        "Days from a wish on a waiting list to the booking that came of it: half waited less, "
        "half more."
    ),
    "least_attained": (
        "The reserve at one facility that was filled least, of those that members asked for and "
        "whose figures are shown; one that is left out may be lower."
    ),
}

SUPPRESSION: Final = (
    "A figure about fewer than five organisations is left out, and so are figures from which it "
    "could be reckoned."
)
