"""A year of monthly rounds with the demand of the NASA log: caps, reserves and past use at work.

What an organisation was granted lowers its points in later rounds, with a half-life of 90
days. Exit 1 if an organisation holds more than its cap in any round, or if a timetable is
not one.

    python benchmarks/replay.py --plots bench-results
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._nasa import (
    CAP,
    DAY_HOURS,
    NODES,
    RESERVED,
    YEAR,
    Standing,
    Wish,
    drawn_groups,
    month_round,
    read_log,
    wishes,
    working_days,
)
from benchmarks._plots import write_plot
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate
from booking.engine.allocation.verification import verify
from booking.engine.quotas import HALF_LIFE_DAYS, UsageEntry, decayed, fair_share_factor

CALL_DAYS: Final = 10
"""Days before a month begins on which its call opens, and past use is frozen."""

SHOWN: Final = 5
ENTITLED: Final = Decimal(str(CAP)) * NODES * DAY_HOURS * HALF_LIFE_DAYS * 5 / 7
"""Credits of a half-life's working days at the cap: use of that much gives 3/4."""

HEADER: Final = (
    f"{'month':8}{'asked':>7}{'granted':>9}{'load':>7}{'used':>7}{'gap':>8}"
    f"{'most/cap':>10}{'least factor':>14}"
) + "".join(f"{group:>12}" for group in sorted(RESERVED))


@dataclass(frozen=True, slots=True)
class Month:
    """What came of one round: attainment by group, factors, most held over the cap."""

    attainment: dict[str, float]
    factors: dict[str, float]
    most: Fraction
    faults: tuple[str, ...]


class Year:
    """Round after round, with what each organisation has used so far."""

    def __init__(self, asked: Sequence[Wish], gap: float, seconds: float) -> None:
        self.gap = gap
        self.seconds = seconds
        self.used: dict[str, list[UsageEntry]] = defaultdict(list)
        by_month = groupby(asked, key=lambda wish: wish.on.month)
        self.asked = {month: list(some) for month, some in by_month}
        self.organisations = sorted({wish.organisation for wish in asked})

    def run(self, month: int) -> Month:
        """Freeze past use, allocate the month's round, and charge what was granted."""
        standings = self._standings(date(YEAR, month, 1) - timedelta(days=CALL_DAYS))
        written = month_round(month, self.asked[month], standings)
        problem = read_problem(written)
        result = allocate(problem, gap=self.gap, time_limit=self.seconds, timer=time.perf_counter)
        held = self._charge(month, written, result["bookings"])
        offered = NODES * DAY_HOURS * len(working_days(month))
        most = max(held.values(), default=0) / (Fraction(str(CAP)) * offered)
        groups = result["facilities"][0]["groups"]
        done = Month(
            attainment={name: groups[name]["attainment"] for name in sorted(RESERVED)},
            factors={name: standings[name].fair_share for name in self.organisations},
            most=most,
            faults=verify(problem, result),
        )
        print(self._line(month, written, result, done, held, offered), flush=True)
        return done

    def _standings(self, opening: date) -> dict[str, Standing]:
        return {name: self._standing(name, opening) for name in self.organisations}

    def _standing(self, name: str, opening: date) -> Standing:
        past = self.used[name]
        factor = fair_share_factor(decayed(past, on=opening), ENTITLED)
        first_time = () if any(one.on < opening for one in past) else ("first-time",)
        return Standing(float(factor), (*first_time, *drawn_groups(name)))

    def _charge(
        self, month: int, written: dict[str, Any], bookings: Sequence[dict[str, Any]]
    ) -> dict[str, int]:
        requests = {one["id"]: one for one in written["requests"]}
        held: dict[str, int] = defaultdict(int)
        for booking in bookings:
            request = requests[booking["request"]]
            credit = booking["quantity"] * request["sessions"][0]["steps"]
            on = date(YEAR, month, 1) + timedelta(hours=booking["start"])
            self.used[request["organisation"]].append(UsageEntry(on, Decimal(credit)))
            held[request["organisation"]] += credit
        return held

    def _line(
        self,
        month: int,
        written: dict[str, Any],
        result: dict[str, Any],
        done: Month,
        held: dict[str, int],
        offered: int,
    ) -> str:
        asked = sum(wish.hours * wish.nodes for wish in self.asked[month])
        return (
            f"{YEAR}-{month:02}{'':1}{len(written['requests']):>7}{len(result['bookings']):>9}"
            f"{asked / offered:>7.2f}{sum(held.values()) / offered:>7.2f}{result['gap']:>8.2%}"
            f"{float(done.most):>10.2f}{min(done.factors.values()):>14.3f}"
            f"{''.join(f'{done.attainment[group]:>12.2f}' for group in sorted(RESERVED))}"
            f"{'  stopped' if result['stopped'] else ''}"
        )


def main() -> int:
    """Replay the year; 1 where a cap or another rule was broken."""
    asked = _asked()
    year = Year(wishes(read_log()), asked.gap, asked.seconds)
    print(f"{len(year.organisations)} organisations; attainment by group in the last columns")
    print(HEADER)
    months = [year.run(month) for month in range(1, asked.months + 1)]
    broken = [
        fault
        for month in months
        for fault in (*month.faults, *(["an organisation is above its cap"] * (month.most > 1)))
    ]
    for fault in broken:
        print(f"BROKEN: {fault}")
    if asked.plots is not None:
        _plot(asked.plots, months, _most_used(year))
    return 1 if broken else 0


def _most_used(year: Year) -> list[str]:
    total = {name: sum(one.credits for one in used) for name, used in year.used.items()}
    return sorted(total, key=lambda name: (-total[name], name))[:SHOWN]


def _plot(folder: Path, months: Sequence[Month], most_used: Sequence[str]) -> None:
    names = [f"{number:02}" for number in range(1, len(months) + 1)]
    write_plot(
        folder,
        "attainment",
        "Reserved hours credited, by group and monthly round",
        "For each month of the replayed year, the part of each group's reserved hours that its"
        " members were credited; 1 is the whole reserve. The figures stand in attainment.csv.",
        names,
        {group: [one.attainment[group] for one in months] for group in sorted(RESERVED)},
    )
    everyone = {
        "mean of all": [sum(one.factors.values()) / len(one.factors) for one in months],
        **{name: [one.factors[name] for one in months] for name in most_used},
    }
    write_plot(
        folder,
        "factors",
        "Fair-share factor of the heaviest users, by monthly round",
        "For each month, what the points of an organisation were multiplied by for its past use:"
        " 1 without any, never below one half. The figures stand in factors.csv.",
        names,
        everyone,
    )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plots", type=Path, help="a folder for two plots and their figures")
    parser.add_argument("--gap", type=float, default=0.05)
    parser.add_argument("--seconds", type=float, default=60.0, help="at most, for a round")
    parser.add_argument("--months", type=int, default=12, choices=range(1, 13))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
