"""JSON text read strictly: what an object says twice is a fault, never the last word."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """A key that stands more than once in one object; `path` is the key's own."""

    path: str
    times: int

    def __str__(self) -> str:
        """Write the fault as one line."""
        often = "twice" if self.times == 2 else f"{self.times} times"  # noqa: PLR2004 - a word
        return f"{self.path}: is written {often} in the same object; keep the one that is meant."


class KeysRepeatedError(ValueError):
    """A text with repeated keys; `keys` names every one, in the order of the text."""

    def __init__(self, keys: tuple[RepeatedKey, ...]) -> None:
        super().__init__("\n".join(map(str, keys)))
        self.keys = keys


def parsed(text: str) -> Any:
    """Parse JSON text; a byte order mark before it counts for nothing.

    Raises: KeysRepeatedError; ValueError or RecursionError for what is no JSON.
    """
    repeating: list[tuple[dict[str, Any], dict[str, int]]] = []

    def gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeating.append((found, _repeated(pairs)))
        return found

    read = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=gathered)
    if repeating:
        raise KeysRepeatedError(_places(read, {id(one): keys for one, keys in repeating}))
    return read


def _repeated(pairs: list[tuple[str, Any]]) -> dict[str, int]:
    times: dict[str, int] = {}
    for key, _ in pairs:
        times[key] = times.get(key, 0) + 1
    return {key: often for key, often in times.items() if often > 1}


def _places(read: object, repeated: dict[int, dict[str, int]]) -> tuple[RepeatedKey, ...]:
    """Name the path of each repeated key; of a repeated object, the last is looked into."""
    found: list[RepeatedKey] = []
    left: list[tuple[str, object]] = [("", read)]
    while left:
        path, value = left.pop()
        parts: list[tuple[str, object]] = []
        if isinstance(value, dict):
            parts = [(f"{path}.{key}" if path else key, part) for key, part in value.items()]
            twice = repeated.get(id(value), {})
            found += [
                RepeatedKey(here, twice[key])
                for key, (here, _) in zip(value, parts, strict=True)
                if key in twice
            ]
        elif isinstance(value, list):
            parts = [(f"{path}[{at}]", part) for at, part in enumerate(value)]
        left += reversed(parts)
    return tuple(found)
