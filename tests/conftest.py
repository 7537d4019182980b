"""Both databases for every test that wants one, and a closing line for each of them."""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import hypothesis
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session
from starlette.datastructures import State

from api.app import create_app
from api.feed_memory import FeedMemory
from booking.clock import utc_now
from booking.config import Settings
from booking.db import Database
from tests.databases import KINDS, Databases, opened
from tests.postgres import MISSING, Cluster, RunningCluster, server_binaries, start_cluster

hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

RUNNING: Final = pytest.StashKey[RunningCluster]()
NEITHER: Final = "neither"
OUTCOMES: Final = {
    "passed": "passed",
    "xfailed": "passed",
    "failed": "failed",
    "error": "failed",
    "xpassed": "failed",
    "skipped": "skipped",
}


def settings_for(database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        base_url="https://benchshare.example",
        secret_key="a secret of tests alone",
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("both", *KINDS),
        default="both",
        help="the database to test on (default: both)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_on(kind): what one database alone promises")
    if "postgresql" in _chosen_kinds(config) and server_binaries() is None:
        raise pytest.UsageError(MISSING)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand a worker process the address of the one server they all share."""
    if "postgresql" in _chosen_kinds(node.config):
        node.workerinput["postgresql"] = _running_cluster(node.config).address


def pytest_unconfigure(config: pytest.Config) -> None:
    if RUNNING in config.stash:
        config.stash[RUNNING].stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a database once on each chosen one, or on those it is marked for."""
    if "database_kind" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("only_on")
        wanted = KINDS if marker is None else marker.args
        kinds = [kind for kind in _chosen_kinds(metafunc.config) if kind in wanted]
        metafunc.parametrize("database_kind", kinds, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note each test's database where its report will carry it to the summary."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            kind = item.callspec.params.get("database_kind")
            if kind in KINDS:
                item.user_properties.append(("database", kind))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Say last, after pytest's own last line, how each database fared."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput"):
        return
    counts = _counts(reporter.stats)
    chosen = _chosen_kinds(session.config)
    for name in (NEITHER, *KINDS):
        tally = ", ".join(
            f"{counts[name, outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")
        )
        left_out = name in KINDS and name not in chosen
        reporter.write_line(f"{name}: " + ("left out by --database" if left_out else tally))


def _counts(stats: dict[str, list[Any]]) -> Counter[tuple[str, str]]:
    """Count the reports by database and outcome; a broken fixture is a failure."""
    counts: Counter[tuple[str, str]] = Counter()
    for category, outcome in OUTCOMES.items():
        for report in stats.get(category, []):
            name = dict(getattr(report, "user_properties", [])).get("database", NEITHER)
            counts[name, outcome] += 1
    return counts


def _chosen_kinds(config: pytest.Config) -> tuple[str, ...]:
    chosen: str = config.getoption("database")
    return KINDS if chosen == "both" else (chosen,)


def _running_cluster(config: pytest.Config) -> Cluster:
    if RUNNING not in config.stash:
        config.stash[RUNNING] = start_cluster()
    return config.stash[RUNNING].cluster


@pytest.fixture(scope="session")
def databases(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Databases by the dozen; most tests want `database` or `session`."""
    given: dict[str, str] = getattr(pytestconfig, "workerinput", {})

    def cluster() -> Cluster:
        if "postgresql" in given:
            return Cluster.at(given["postgresql"])
        return _running_cluster(pytestconfig)

    made = Databases(
        worker=given.get("workerid", "alone"),
        folder=tmp_path_factory.mktemp("databases"),
        cluster=cluster,
    )
    with made.endings:
        yield made


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`: whatever asks for this runs once on each."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """The address of a database without tables."""
    with databases.empty(database_kind) as url:
        yield url


@pytest.fixture
def database_url(databases: Databases, database_kind: str) -> Iterator[str]:
    """The address of a migrated database of the test's own."""
    with databases.migrated(database_kind) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of the test's own, for tests that commit."""
    with opened(database_url) as database:
        yield database


@pytest.fixture
def session(databases: Databases, database_kind: str) -> Iterator[Session]:
    """A session on a migrated database, all of whose work is undone after the test."""
    with databases.session(database_kind) as undone:
        yield undone


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def wired() -> FastAPI:
    """The application without a test's state: to wire it takes longer than most tests do."""
    return create_app(settings_for("sqlite://"))


@pytest.fixture
def app(wired: FastAPI, database_url: str, now: datetime) -> FastAPI:
    """The whole application on a database of the test's own, at `now`; add no routes to it."""
    settings = settings_for(database_url)
    database = Database(database_url)
    wired.state = State({"settings": settings, "database": database, "feed_memory": FeedMemory()})
    wired.dependency_overrides = {utc_now: lambda: now}
    return wired


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Somebody who talks to `app` over HTTP."""
    with TestClient(app) as talking:
        yield talking
