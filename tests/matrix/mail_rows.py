"""Routes about mails: those that come in, and those that could not go out."""

from typing import Final

from tests.matrix.people_rows import STAFF_CHIEFS
from tests.matrix.world import SIGNED_IN, Row

ROWS: Final[dict[str, Row]] = {
    "POST /inbox": Row(frozenset(), lambda _: "Subject: nobody's token opens this"),
    "GET /deliveries": Row(SIGNED_IN),
    "POST /deliveries/{delivery_id}/resend": Row(STAFF_CHIEFS),
    "POST /facilities/{facility}/deliveries/resend": Row(STAFF_CHIEFS),
}
