"""One reason why not, as a value that the engine returns."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why not.

    `code` is part of the API and never renamed; `reason` is a sentence for people that
    says how to mend it; `pointer` is the JSON pointer of the member at fault, or empty;
    `opens_at` is when the same wish would no longer break this rule, where that is known.
    `waivable` is one that the actor may set aside by giving a reason.
    """

    code: str
    reason: str
    pointer: str = ""
    opens_at: datetime | None = None
    waivable: bool = False
