"""Numbers on the command line: refused before anything is done, whatever their length or script."""

from __future__ import annotations

import pytest

from experiments.command.cli import main

ABSURD = ["", "0", "-1", "+1", "1.5", "1e3", "²", "١٢", "9" * 30, "9" * 400, "9" * 4301, "0x10", "1_000", "nan"]


@pytest.mark.parametrize("text", ABSURD)
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--frames"],
        ["cosim", "--frames"],
        ["train", "--work", "w", "--out", "o.npz", "--seed"],
        ["train", "--work", "w", "--out", "o.npz", "--workers"],
        ["recognition", "--work", "w", "--seeds"],
        ["export", "--frames"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_numbers_that_are_refused(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    # Joined, so that a minus does not make it an option.
    given = [*arguments[:-1], f"{arguments[-1]}={text}"]
    if arguments[-1] == "--seeds":
        given = [*arguments, text]
    with pytest.raises(SystemExit) as left:
        main(given)
    assert left.value.code == 2
    assert len(capsys.readouterr().err) < 5000


@pytest.mark.parametrize("text", ["-1", "inf", "nan", "1e400", "9" * 400, ""])
def test_seconds_that_are_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["prove", f"--timeout={text}"])
    assert left.value.code == 2
    assert "expected a number of seconds" in capsys.readouterr().err


@pytest.mark.parametrize("fold", ["-1", "6", "x", "9" * 30])
def test_folds_that_there_are_not(fold: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["train", "--work", "w", "--out", "o.npz", f"--fold={fold}"])
    assert left.value.code == 2
