"""Where mails to the bookings' address wait: an IMAP folder, or a maildir."""

import imaplib
import os
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from booking.engine.vocabulary import ReplyVia
from notifications.inbox_mail import LARGEST_MAIL
from notifications.mail import OURSELVES

TIMEOUT_SECONDS: Final = 20
AT_ONCE: Final = 200
SEEN: Final = ":2,S"
_PLAIN: Final = re.compile(r"[\x20-\x7e]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that waits; `key` names it in its mailbox. A larger one is cut above the limit."""

    key: str
    content: bytes


class InboxFailed(Exception):  # noqa: N818 - a refusal of the outside world
    """The mailbox cannot be read now; the words say why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Mailbox(Protocol):
    """A mailbox that is read: what is done is marked, what is not waits for the next time."""

    via: ReplyVia

    def letters(self) -> Iterator[Letter]:
        """Return the oldest mails that wait, a bounded number, or raise InboxFailed."""

    def mark_done(self, letter: Letter) -> None:
        """Mark a mail, so that it is not read again, or raise InboxFailed."""


class Maildir:
    """A maildir: what is in `new` waits, and goes to `cur` as seen."""

    via = ReplyVia.MAILDIR

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for each in ("new", "cur"):
            if not (folder / each).is_dir():
                raise InboxFailed(f"There is no maildir at {folder}: it has no folder {each!r}.")

    def letters(self) -> Iterator[Letter]:
        """Return mails by the names of their files, which begin with when they came."""
        try:
            names = sorted(each.name for each in os.scandir(self.folder / "new") if each.is_file())
            for name in names[:AT_ONCE]:
                with (self.folder / "new" / name).open("rb") as file:
                    yield Letter(name, file.read(LARGEST_MAIL + 1))
        except OSError as error:
            raise InboxFailed(f"The maildir cannot be read: {error}.") from error

    def mark_done(self, letter: Letter) -> None:
        """Move a mail to `cur`."""
        name = letter.key.partition(":")[0] + SEEN
        try:
            (self.folder / "new" / letter.key).rename(self.folder / "cur" / name)
        except FileNotFoundError:
            return  # another program took it away meanwhile
        except OSError as error:
            raise InboxFailed(f"The maildir cannot be written: {error}.") from error


class ImapFolder:
    """A folder of an IMAP server: what is unseen waits, and is marked as seen."""

    via = ReplyVia.IMAP

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self.connection = connection

    def enter(self, server: SplitResult) -> None:
        """Log in, and open the folder."""
        folder = _folder(server).replace("\\", "\\\\").replace('"', '\\"')
        with _told():
            _check_private(self.connection, server)
            self._asked("LOGIN", self.connection.login(*_who(server)))
            self._asked("SELECT", self.connection.select(f'"{folder}"'))

    def letters(self) -> Iterator[Letter]:
        """Return unseen mails by their UIDs, the oldest first."""
        with _told():
            found = self._asked("SEARCH", self.connection.uid("SEARCH", "UNSEEN"))
        uids = [each for line in found if isinstance(line, bytes) for each in line.split()]
        for uid in uids[:AT_ONCE]:
            wanted = f"(BODY.PEEK[]<0.{LARGEST_MAIL + 1}>)"
            with _told():
                parts = self._asked("FETCH", self.connection.uid("FETCH", uid.decode(), wanted))
            # Another program may have taken it away since the search.
            content = next((each[1] for each in parts if isinstance(each, tuple)), None)
            if isinstance(content, bytes):
                yield Letter(uid.decode(), content)

    def mark_done(self, letter: Letter) -> None:
        """Mark a mail as seen."""
        with _told():
            stored = self.connection.uid("STORE", letter.key, "+FLAGS", r"(\Seen)")
            self._asked("STORE", stored)

    def close(self) -> None:
        """Leave the server."""
        with suppress(imaplib.IMAP4.error, OSError):
            self.connection.logout()
        with suppress(OSError):
            self.connection.shutdown()

    @staticmethod
    def _asked(command: str, answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
        word, found = answer
        if word != "OK":
            said = b" ".join(each for each in found if isinstance(each, bytes))
            words = said.decode(errors="replace")
            raise InboxFailed(f"The IMAP server refused {command}: {words}.")
        return found


@contextmanager
def opened_mailbox(url: str) -> Iterator[Mailbox]:
    """Open the mailbox that BENCHSHARE_INBOX names: imaps://, imap:// or maildir:DIR.

    Raises: InboxFailed; ValueError for anything else.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "maildir":
        yield Maildir(Path(rest).expanduser())
    elif scheme in {"imap", "imaps"}:
        server = urlsplit(url)
        _folder(server)
        with _told():
            folder = ImapFolder(_connected(server))
        try:
            folder.enter(server)
            yield folder
        finally:
            folder.close()
    else:
        raise ValueError(
            "BENCHSHARE_INBOX is neither imaps://, imap:// nor maildir:DIR; set it to one of them."
        )


def check(url: str) -> None:
    """Return if the mailbox can be read now, without reading any mail.

    Raises: InboxFailed; ValueError as opened_mailbox.
    """
    with opened_mailbox(url):
        pass


def _connected(server: SplitResult) -> imaplib.IMAP4:
    host = server.hostname or "localhost"
    context = ssl.create_default_context()
    if server.scheme == "imaps":
        return imaplib.IMAP4_SSL(
            host, server.port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS
        )
    connection = imaplib.IMAP4(host, server.port or 143, timeout=TIMEOUT_SECONDS)
    try:
        if "STARTTLS" in connection.capabilities:
            connection.starttls(ssl_context=context)
    except (imaplib.IMAP4.error, OSError):
        connection.shutdown()
        raise
    return connection


def _check_private(connection: imaplib.IMAP4, server: SplitResult) -> None:
    """Refuse to send the password where others can read it."""
    if not isinstance(connection.sock, ssl.SSLSocket) and server.hostname not in OURSELVES:
        raise InboxFailed(
            "The IMAP server offers no TLS, so the password is not sent; use imaps:// or another "
            "server."
        )


def _folder(server: SplitResult) -> str:
    """Return the name of the folder.

    Raises: InboxFailed if the address names none that can be opened.
    """
    folder = unquote(server.path.lstrip("/")) or "INBOX"
    if not _PLAIN.fullmatch(folder) or not server.username:
        raise InboxFailed(
            "BENCHSHARE_INBOX needs a user, a password and a folder named in plain letters: "
            "imaps://USER:PASSWORD@HOST/FOLDER."
        )
    return folder


def _who(server: SplitResult) -> tuple[str, str]:
    return unquote(server.username or ""), unquote(server.password or "")


@contextmanager
def _told() -> Iterator[None]:
    """Word what an IMAP server, or the way to it, does wrong."""
    try:
        yield
    except imaplib.IMAP4.error as error:
        raise InboxFailed(f"The IMAP server refused: {error}.") from error
    except OSError as error:
        raise InboxFailed(f"The IMAP server does not answer: {error}.") from error
