"""The same rounds on every Python that is here: one result hash, or exit 1.

Fewer than two interpreters prove nothing: exit 1 too.

    python benchmarks/pythons.py [python3.12 /opt/python3.13/bin/python3 ...]

Each interpreter gets an environment of its own with the engine's two libraries, in the
versions of constraints.txt, and solves the same rounds; nothing else of the product is needed.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._rounds import drawn, sized
from booking.engine.allocation.problem import read_problem
from booking.engine.allocation.run import allocate

ROOT: Final = Path(__file__).resolve().parent.parent
SUPPORTED: Final = ("python3.11", "python3.12", "python3.13")
LIBRARIES: Final = ("numpy", "highspy")
ROUNDS: Final = (("8/60", 1, "mixed"), ("8/50", 2, "pools"), ("10/90", 3, "crowded"))
SOLVE: Final = "--solve"
ENOUGH: Final = 2


def main() -> int:
    """Solve with every interpreter and compare."""
    chosen = _chosen()
    if chosen.solve:
        print(json.dumps(hashes(json.load(sys.stdin))))
        return 0
    rounds = json.dumps([drawn(sized(size), seed, family) for size, seed, family in ROUNDS])
    found: dict[str, list[str]] = {}
    for name in chosen.python or SUPPORTED:
        python = shutil.which(name)
        if python is None or not _runs(python):
            print(f"{name:12} is not here")
            continue
        found[name] = _solved_by(python, rounds)
        print(f"{name:12} {' '.join(one[:12] for one in found[name])}")
    return told(list(found.values()))


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("python", nargs="*", help="interpreters, instead of those supported")
    parser.add_argument(SOLVE, action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def told(found: list[list[str]]) -> int:
    """Say whether two interpreters or more found the same hashes; 1 where not, or too few."""
    if len(found) < ENOUGH:
        print(f"{len(found)} interpreters: nothing compared; name at least {ENOUGH} that are here")
        return 1
    alike = len({tuple(one) for one in found}) == 1
    print(f"{len(found)} interpreters: {'the same hashes' if alike else 'DIFFERENT HASHES'}")
    return 0 if alike else 1


def hashes(rounds: list[dict[str, Any]]) -> list[str]:
    """Allocate every round, to the gap and stopped at once, and give the results' hashes."""
    problems = [read_problem(one) for one in rounds]
    results = [allocate(one) for one in problems]
    results += [allocate(one, stop=lambda: True) for one in problems]
    return [str(one["result_sha256"]) for one in results]


def _runs(python: str) -> bool:
    return subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0


def _solved_by(python: str, rounds: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        inside = str(Path(folder, "bin", "python"))
        constraints = str(ROOT / "constraints.txt")
        install = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", constraints)
        subprocess.run([inside, *install, *LIBRARIES], check=True)
        answer = subprocess.run(
            [inside, __file__, SOLVE], input=rounds, capture_output=True, text=True, check=True
        ).stdout
    solved: list[str] = json.loads(answer.splitlines()[-1])
    return solved


if __name__ == "__main__":
    sys.exit(main())
