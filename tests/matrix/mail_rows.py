"""Routes about mails: those that come in, and those that could not go out."""

from typing import Final

from tests.matrix.world import Row

ROWS: Final[dict[str, Row]] = {
    "POST /inbox": Row(frozenset(), lambda _: "Subject: nobody's token opens this"),
}
