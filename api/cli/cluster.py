"""A Dask cluster to allocate on, where one machine is not enough."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, NoReturn

import typer

if TYPE_CHECKING:
    from distributed import Client

PARTS: Final = ("benchshare", "highspy", "numpy", "distributed")
"""What must be the same version on every worker, for the same result."""

ANSWER_WITHIN: Final = "10s"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where to run tasks, how many at a time, and the errors that mean a worker was lost.

    `is_lost` tells that the scheduler itself is gone, so that nothing more will be answered.
    """

    executor: Executor
    workers: int
    losses: tuple[type[Exception], ...]
    is_lost: Callable[[], bool]


@contextmanager
def dask_cluster(address: str) -> Iterator[Cluster]:
    """Connect to a scheduler and check its workers, or exit with what is wrong and the mend."""
    if ":" not in address.removeprefix("tcp://").removeprefix("tls://"):
        raise typer.BadParameter(
            "Give host and port, such as tcp://127.0.0.1:8786.", param_hint="--scheduler"
        )
    client = _connected(address)
    # What goes wrong is said in our own words; tracebacks of lost connections say nothing more.
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        _check_versions(client, address)
        yield _cluster(client)
    finally:
        client.close(timeout=5)


def _connected(address: str) -> "Client":
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        _refuse(
            "--scheduler needs Dask, which is not installed; install it with"
            " pip install 'benchshare[cluster]', or leave the option out.",
            error,
        )
    try:
        return Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        _refuse(
            f"No Dask scheduler answers at {address}; start one with `dask scheduler`, or"
            " correct the address.",
            error,
        )


def _check_versions(client: "Client", address: str) -> None:
    if not client.nthreads():
        _refuse(
            f"The scheduler at {address} has no workers; start some with `dask worker {address}`.",
        )
    try:
        found = client.run(versions)
    except (ImportError, AttributeError) as error:
        _refuse("The cluster's workers lack Benchshare; install the same version there.", error)
    wrong = differences(versions(), found)
    if wrong:
        _refuse("\n".join(wrong))


def differences(here: dict[str, str], found: dict[str, dict[str, str]]) -> list[str]:
    """Say for each worker's each part that it is another version than here."""
    return [
        f"Worker {worker} has {part} {there[part]}, here it is {here[part]}; install the same"
        " version, or the results could differ."
        for worker, there in sorted(found.items())
        for part in PARTS
        if there[part] != here[part]
    ]


def versions() -> dict[str, str]:
    """Give the versions that a result may depend on."""
    return {part: version(part) for part in PARTS}


def _cluster(client: "Client") -> Cluster:
    from distributed import KilledWorker
    from distributed.client import ClosedClientError
    from distributed.comm import CommClosedError

    threads = sum(client.nthreads().values())
    losses = (KilledWorker, CancelledError, CommClosedError, ClosedClientError)
    executor = client.get_executor(pure=False)
    return Cluster(executor, threads, losses, lambda: client.status != "running")


def _refuse(sentence: str, cause: Exception | None = None) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1) from cause
