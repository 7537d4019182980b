"""Why a mail could not be delivered, in words that say what mends it."""

import re
from typing import Final

# RFC 3463: the second and third figure say what is wrong, whether for now (4) or for good (5).
_ENHANCED: Final = re.compile(r"\b[45]\.(\d{1,3})\.(\d{1,3})\b", re.ASCII)
_BASIC: Final = re.compile(r"\b([45]\d\d)\b", re.ASCII)
_ADDRESS: Final = (
    "The address does not exist any more. Ask the person for the one they use now, and that they "
    "sign in with it; a booking can be handed over to it."
)
_FULL: Final = "Their mailbox is full. Reach the person in another way, then send it again."
_REFUSED: Final = (
    "Their mail server refuses mail from here, often as unwanted. Whoever runs the installation "
    "looks at the sending server's good name and its SPF and DKIM entries; then send it again."
)
_UNREACHED: Final = (
    "Our own way out for mail did not answer. Whoever runs the installation looks at "
    "BENCHSHARE_MAIL, and at what `benchshare doctor` says; then send it again."
)
_BUSY: Final = "Their mail server put it off again and again. Send it again in some hours."
_UNWRITABLE: Final = (
    "The mail could not be written. Report it to whoever runs the installation, with the words "
    "below."
)
_GONE: Final = "The person deleted their account, so there is nobody to send it to."
_OTHER: Final = "The mail server refused it. Its own words, below, say why; then send it again."
_BY_STATUS: Final = {"1": _ADDRESS, "7": _REFUSED}
_BY_CODE: Final = {"550": _ADDRESS, "551": _ADDRESS, "553": _ADDRESS, "552": _FULL, "554": _REFUSED}
_OUR_WORDS: Final = (
    ("deleted their account", _GONE),
    ("could not be written", _UNWRITABLE),
    ("no longer kept", "What it was about is gone, so there is nothing to send."),
    ("cannot be reached", _UNREACHED),
    ("does not answer", _UNREACHED),
    ("cut the connection", _UNREACHED),
    ("mail folder", _UNREACHED),
)


def failure_in_words(last_error: str) -> str:
    """Say what the last error of a message means, and what mends it.

    Source: RFC 3463 (enhanced status codes), RFC 5321 (reply codes).
    """
    for mark, words in _OUR_WORDS:
        if mark in last_error:
            return words
    enhanced = _ENHANCED.search(last_error)
    if enhanced is not None:
        if (enhanced[1], enhanced[2]) == ("2", "2"):
            return _FULL
        if enhanced[1] in _BY_STATUS:
            return _BY_STATUS[enhanced[1]]
    code = _BASIC.search(last_error)
    if code is None:
        return _OTHER
    return _BUSY if code[1].startswith("4") else _BY_CODE.get(code[1], _OTHER)
