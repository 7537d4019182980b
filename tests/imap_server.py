"""A small IMAP server for tests: one user, one folder, and faults to order."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

USER, PASSWORD, FOLDER = "bookings", "a secret", "Answers to us"
_COMMAND: Final = re.compile(rb"(\S+) (UID )?(\w+) ?(.*)\r\n", re.IGNORECASE)


@dataclass
class Folder:
    """Mails by their UIDs from 1 on; `fault` names the command at which it misbehaves, and how."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    fault: tuple[str, str] = ("", "")
    commands: list[str] = field(default_factory=list)

    def put(self, *contents: bytes) -> None:
        for each in contents:
            self.mails[len(self.mails) + 1] = each

    @property
    def unseen(self) -> list[int]:
        return sorted(set(self.mails) - self.seen)


class _Talk(socketserver.StreamRequestHandler):
    folder: Folder

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            found = _COMMAND.fullmatch(line)
            if found is None:
                return
            tag, command, rest = found[1], found[3].decode().upper(), found[4].decode()
            self.folder.commands.append(command)
            at, how = self.folder.fault
            if command == at and how == "cut":
                return
            refused = command == at or not self.answers(command, rest)
            self.wfile.write(tag + (b" NO not so\r\n" if refused else b" OK done\r\n"))
            if command == "LOGOUT":
                return

    def answers(self, command: str, rest: str) -> bool:
        answer = getattr(self, f"on_{command.lower()}", None)
        return answer is not None and answer(rest)

    def on_capability(self, _rest: str) -> bool:
        self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
        return True

    def on_login(self, rest: str) -> bool:
        return rest == f'{USER} "{PASSWORD}"'

    def on_select(self, rest: str) -> bool:
        self.wfile.write(f"* {len(self.folder.mails)} EXISTS\r\n".encode())
        return rest == f'"{FOLDER}"'

    def on_search(self, rest: str) -> bool:
        uids = " ".join(map(str, self.folder.unseen))
        self.wfile.write(f"* SEARCH {uids}\r\n".encode())
        return rest == "UNSEEN"

    def on_fetch(self, rest: str) -> bool:
        found = re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        if found is None:
            return False
        content = self.folder.mails.get(int(found[1]))
        if content is not None:
            part = content[: int(found[2])]
            head = f"* 1 FETCH (UID {found[1]} BODY[]<0> {{{len(part)}}}\r\n"
            self.wfile.write(head.encode() + part + b")\r\n")
        return True

    def on_store(self, rest: str) -> bool:
        found = re.fullmatch(r"(\d+) \+FLAGS \(\\Seen\)", rest)
        if found is not None:
            self.folder.seen.add(int(found[1]))
        return found is not None

    def on_logout(self, _rest: str) -> bool:
        self.wfile.write(b"* BYE\r\n")
        return True


@contextmanager
def an_imap_server() -> Iterator[tuple[Folder, str]]:
    """Serve a folder, and give its address for BENCHSHARE_INBOX."""
    folder = Folder()
    talk = type("Talk", (_Talk,), {"folder": folder})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), talk) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = server.server_address[1]
        try:
            yield folder, f"imap://{USER}:a%20secret@127.0.0.1:{port}/Answers%20to%20us"
        finally:
            server.shutdown()
            thread.join()
