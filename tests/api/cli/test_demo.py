"""`demo` where it cannot begin; the whole of it is in tests/journeys."""

from pathlib import Path

from typer.testing import CliRunner

from api.__main__ import app


def test_demo__folder_that_cannot_be_made__is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    folder = tmp_path / "file" / "below"
    refused = CliRunner().invoke(app, ["demo", "--dir", str(folder), "--no-serve"])
    assert refused.exit_code == 1, refused.exception
    assert len(refused.stderr.splitlines()) == 1
    assert refused.stderr.startswith(f"{folder} cannot be made")
    assert "--dir" in refused.stderr


def test_demo__folder_with_something_in_it__is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path), "--no-serve"])
    assert refused.exit_code == 1
    assert "is not empty" in refused.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
