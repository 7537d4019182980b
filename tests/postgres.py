"""A throw-away PostgreSQL server, made from the system's own server binaries.

The server lives as long as the process that started it: a small shell script
waits on that process's end of a pipe and takes the server and its folder away
when the pipe closes, however the process ends.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import psycopg
from psycopg import sql

OLDEST: Final = 15
MISSING: Final = (
    "The tests need the server binaries of PostgreSQL 15 or newer: "
    "apt-get install postgresql, or leave PostgreSQL out with --database=sqlite."
)
SUPERUSER: Final = "keeper"
OWNER: Final = "benchshare"

DURABLE: Final = (
    "-c wal_level=minimal -c max_wal_senders=0 -c max_connections=300 -c shared_buffers=128MB "
    "-c max_wal_size=4GB -c listen_addresses=127.0.0.1"
)
# Nothing here outlives the run, so nothing is paid for surviving a power cut.
# Autovacuum would sit in a template just when it is to be copied.
SETTINGS: Final = (
    f"{DURABLE} -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off"
)
KEEPER: Final = """
set -e
bin=$1 folder=$2 port=$3
leave() {
    "$bin/pg_ctl" stop -D "$folder/state" -m immediate >/dev/null 2>&1 || :
    rm -rf "$folder"
}
trap leave EXIT
"$bin/initdb" -D "$folder/state" -U keeper --pwfile="$folder/password" --auth=password \
    --encoding=UTF8 --no-locale --no-sync >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
start() {
    "$bin/pg_ctl" start -w -t 60 -D "$folder/state" -l "$folder/log" \
        -o "-p $port -k $folder $4" >/dev/null 2>&1
}
start "$@" || { cat "$folder/log"; exit 1; }
echo ready
while read -r _; do
    # What a killed server leaves behind needs a moment to end.
    tries=0
    until start "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$folder/log"; exit 1; }
        sleep 0.1
    done
    echo ready
done
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server, reached over loopback; plain text, so that workers can share it."""

    port: int
    password: str

    @property
    def address(self) -> str:
        return f"{self.port} {self.password}"

    @classmethod
    def at(cls, address: str) -> Self:
        port, password = address.split()
        return cls(port=int(port), password=password)

    def url_of(self, name: str) -> str:
        """Address `name` as its owner, who is no superuser."""
        return f"postgresql://{OWNER}:{self.password}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template0") -> None:
        """Make a database; nobody may be connected to the template meanwhile."""
        self.run(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name),
                sql.Identifier(OWNER),
                sql.Identifier(template),
                sql.Identifier("file_copy"),  # a fifth of the time of wal_log without fsync
            )
        )

    def drop(self, name: str) -> None:
        """Take a database away, and whoever is still connected to it."""
        self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, *statements: sql.Composed) -> None:
        """Run statements as the superuser, each in its own transaction."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            for statement in statements:
                connection.execute(statement)


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """A cluster and the script that keeps it."""

    cluster: Cluster
    keeper: subprocess.Popen[str]
    folder: Path

    def kill(self) -> None:
        """Kill the server's first process (-9); the others of it end by themselves."""
        first_line = (self.folder / "state" / "postmaster.pid").read_text().split()[0]
        os.kill(int(first_line), signal.SIGKILL)

    def start_again(self) -> None:
        """Start the server after it was killed, and wait until it has recovered.

        Raises: RuntimeError with the server's own words if it does not start.
        """
        if self.keeper.stdin is None:
            raise RuntimeError("This server was stopped for good.")
        self.keeper.stdin.write("start\n")
        self.keeper.stdin.flush()
        _wait_for(self.keeper)

    def stop(self) -> None:
        """End the server and remove its folder; the second time does nothing."""
        self.keeper.communicate()


def server_binaries() -> Path | None:
    """Find the folder of initdb and pg_ctl: the newest Debian has, else what is on the path."""
    folders = [
        folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if (folder / "initdb").exists() and int(folder.parent.name) >= OLDEST
    ]
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def start_cluster(settings: str = SETTINGS) -> RunningCluster:
    """Start a server of its own and make the role that owns the databases.

    With `DURABLE` settings a commit survives that the server is killed.
    Raises: RuntimeError with the server's own words if it does not start.
    """
    binaries = server_binaries()
    if binaries is None:
        raise RuntimeError(MISSING)
    account = _server_account()
    cluster = Cluster(port=_free_port(), password=secrets.token_hex(16))
    folder = Path(tempfile.mkdtemp(prefix="benchshare-pg-"))
    (folder / "password").write_text(cluster.password)
    if account is not None:
        for path in (folder, folder / "password"):
            os.chown(path, account.pw_uid, account.pw_gid)
    keeper = _start_keeper(binaries, folder, cluster.port, account, settings)
    cluster.run(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(OWNER), sql.Literal(cluster.password)
        )
    )
    return RunningCluster(cluster, keeper, folder)


def _start_keeper(
    binaries: Path, folder: Path, port: int, account: pwd.struct_passwd | None, settings: str
) -> subprocess.Popen[str]:
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", str(binaries), str(folder), str(port), settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        start_new_session=True,
    )
    _wait_for(keeper)
    return keeper


def _wait_for(keeper: subprocess.Popen[str]) -> None:
    if keeper.stdout is None or keeper.stdout.readline() != "ready\n":
        words, _ = keeper.communicate()
        raise RuntimeError(f"PostgreSQL did not start: {words}")


def _server_account() -> pwd.struct_passwd | None:
    """Name who the server runs as: the server refuses root, anyone else is themselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
