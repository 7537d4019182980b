"""Mail as bytes, and the two ways it leaves: an SMTP server, or a folder of .eml files."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

from booking.clock import utc_now
from notifications.calendar import Method, one_line

TIMEOUT_SECONDS: Final = 20
LONGEST_TIMEOUT: Final = 30
PATIENCE: Final = timedelta(seconds=40)
"""So long a batch is sent; with the last message's own time it ends within its claim."""

PERMANENT_FROM: Final = 500
OURSELVES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
ATTACHMENT: Final = "invite.ics"
SHORTER_LINE: Final = 60
_NO_ADDRESS: Final = re.compile(r"""[\s<>()\[\],;:\\"]""")


@dataclass(frozen=True, slots=True)
class Invite:
    """The one calendar object of a mail."""

    method: Method
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one reader; `text` and `html` say the same."""

    delivery_id: UUID
    message_id: str
    happened_at: datetime
    sender: str
    sender_name: str
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    invite: Invite | None = None


class SendFailed(Exception):  # noqa: N818 - a refusal of the outside world
    """A message did not leave; a permanent refusal will not change by itself."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


class _WordsFirst(EmailPolicy):
    """Folds a subject so that its first line has words.

    A subject just too long for one line is else put whole on the second.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Fold a header; one with an empty first line again, within shorter lines."""
        folded = super().fold_binary(name, value)
        if name == "Subject" and not folded.partition(b"\r\n")[0].removeprefix(b"Subject:").strip():
            return SMTP.clone(max_line_length=SHORTER_LINE).fold_binary(name, value)
        return folded


_POLICY: Final = _WordsFirst(linesep="\r\n")


def mime(mail: Mail) -> bytes:
    """Write the mail as MIME with CRLF; the same mail gives the same bytes.

    With an invite: mixed( alternative( plain, html, calendar ), application/ics ), where
    the calendar part and the attachment hold the same bytes (RFC 6047).
    Raises: ValueError for an address that no header can hold.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(mail.sender_name, mail.sender)
    message["To"] = _address(mail.recipient_name, mail.recipient)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(mail.happened_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.invite is not None:
        _attach(message, mail.invite)
    for number, part in enumerate(each for each in message.walk() if each.is_multipart()):
        part.set_boundary(f"=_{mail.delivery_id.hex}_{number}")
    return message.as_bytes()


def _attach(message: EmailMessage, invite: Invite) -> None:
    message.add_alternative(
        invite.text, subtype="calendar", params={"method": str(invite.method)}, cte="base64"
    )
    message.add_attachment(
        invite.text.encode(), maintype="application", subtype="ics", filename=ATTACHMENT
    )


def _address(name: str, address: str) -> Address:
    local, _, host = address.rpartition("@")
    if not local or not host or _NO_ADDRESS.search(address):
        raise ValueError(f"{address!r} is no address that a mail can carry; correct it.")
    return Address(display_name=one_line(name), username=local, domain=host)


class Transport(Protocol):
    """A way out; `batch` is how many messages it takes well within one claim."""

    batch: int

    def send(self, mail: Mail, content: bytes) -> None:
        """Hand a message over, or raise SendFailed."""

    def check(self) -> None:
        """Return if a message could leave now, or raise SendFailed."""


class FolderTransport:
    """Writes each message into a folder, whole and then renamed.

    A message sent again takes the place of its first copy.
    """

    batch = 500

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, mail: Mail, content: bytes) -> None:
        """Write one .eml file, named so that files sort by what happened first."""
        self._write(f"{mail.happened_at:%Y%m%dT%H%M%S}-{mail.delivery_id}.eml", content)

    def check(self) -> None:
        """Write and remove an empty file."""
        self._write(".writable", b"")
        (self.folder / ".writable").unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        unfinished = self.folder / f".{name}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            unfinished.replace(self.folder / name)
        except OSError as error:
            raise SendFailed(f"The mail folder cannot be written: {error}.") from error


class SmtpTransport:
    """Hands messages to an SMTP server over one connection, opened again after a cut.

    After a server that cannot be reached or does not answer in time, and after one that was
    slow for too long, the rest of the batch fails at once, so that it never outlives its claim.
    """

    batch = 25

    def __init__(self, server: SplitResult, *, patience: timedelta = PATIENCE) -> None:
        self.server = server
        self.timeout = _timeout(server)
        self.until = utc_now() + patience
        self.connection: smtplib.SMTP | None = None
        self.unreachable: SendFailed | None = None

    def send(self, mail: Mail, content: bytes) -> None:
        """Send one message; a 5xx code for its reader or its text is permanent.

        One for the sender is about us, so it is tried again.
        """
        if self.unreachable is not None:
            raise self.unreachable
        if utc_now() >= self.until:
            raise SendFailed("The mail server was too slow for all of them; this one waits.")
        connection = self._connected()
        try:
            connection.sendmail(mail.sender, [mail.recipient], content)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _refused(code, words) from error
        except smtplib.SMTPSenderRefused as error:
            self.close()
            raise _refused(error.smtp_code, error.smtp_error, about_us=True) from error
        except smtplib.SMTPServerDisconnected as error:
            self.close()
            raise SendFailed("The mail server cut the connection.") from error
        except smtplib.SMTPResponseException as error:
            self.close()
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            self.unreachable = SendFailed(f"The mail server does not answer: {error}.")
            raise self.unreachable from error

    def check(self) -> None:
        """Greet the server."""
        self._connected()

    def close(self) -> None:
        """Leave the server."""
        if self.connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.connection.quit()
            self.connection = None

    def _connected(self) -> smtplib.SMTP:
        if self.connection is None:
            try:
                self.connection = _connect(self.server, self.timeout)
            except (smtplib.SMTPException, OSError) as error:
                self.unreachable = SendFailed(f"The mail server cannot be reached: {error}.")
                raise self.unreachable from error
        return self.connection


def _refused(code: int, words: bytes | str, *, about_us: bool = False) -> SendFailed:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    return SendFailed(
        f"The mail server refused it: {code} {said}",
        permanent=code >= PERMANENT_FROM and not about_us,
    )


def _connect(server: SplitResult, timeout: int) -> smtplib.SMTP:
    host = server.hostname or "localhost"
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, server.port or 465, timeout=timeout, context=context
        )
    else:
        connection = smtplib.SMTP(host, server.port or 25, timeout=timeout)
    try:
        _introduce(connection, server, context)
    except (smtplib.SMTPException, OSError):
        connection.close()
        raise
    return connection


def _introduce(connection: smtplib.SMTP, server: SplitResult, context: ssl.SSLContext) -> None:
    """Greet, and log in where there is a user: never with a password that others can read."""
    connection.ehlo_or_helo_if_needed()
    if not server.username:
        return
    if server.scheme == "smtp" and connection.has_extn("starttls"):
        connection.starttls(context=context)
    elif server.scheme == "smtp" and server.hostname not in OURSELVES:
        raise smtplib.SMTPException(
            "it offers no TLS, so the password is not sent; use smtps:// or another server"
        )
    connection.login(unquote(server.username), unquote(server.password or ""))


def _timeout(server: SplitResult) -> int:
    """Return for how many seconds each answer is awaited: smtp://HOST?timeout=SECONDS.

    Raises: ValueError.
    """
    given = parse_qs(server.query).get("timeout", [str(TIMEOUT_SECONDS)])[0]
    seconds = int(given) if given.isascii() and given.isdigit() else 0
    if not 1 <= seconds <= LONGEST_TIMEOUT:
        raise ValueError(
            f"The timeout in BENCHSHARE_MAIL is no number of seconds from 1 to {LONGEST_TIMEOUT}."
        )
    return seconds


def folder_of(url: str) -> Path:
    """Return the folder of file:DIR: a relative path, an absolute one or a file:/// address."""
    given = url.partition(":")[2]
    return Path("/" + given.lstrip("/") if given.startswith("//") else given).expanduser()


@contextmanager
def opened_transport(url: str) -> Iterator[Transport]:
    """Open the way out that BENCHSHARE_MAIL names: smtp://, smtps:// or file:DIR.

    Raises: ValueError for anything else.
    """
    parsed = urlsplit(url)
    if parsed.scheme == "file":
        yield FolderTransport(folder_of(url))
    elif parsed.scheme in {"smtp", "smtps"}:
        transport = SmtpTransport(parsed)
        try:
            yield transport
        finally:
            transport.close()
    else:
        raise ValueError(
            "BENCHSHARE_MAIL is neither smtp://, smtps:// nor file:DIR; set it to one of them."
        )


def check(url: str) -> None:
    """Return if mail can leave now, without sending any.

    Raises: SendFailed; ValueError as opened_transport.
    """
    with opened_transport(url) as transport:
        transport.check()
