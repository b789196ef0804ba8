"""Names that come from outside, written for Tcl, Verilog and the shell, and read again by those themselves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from files.names import GRAMMAR, is_identifier, shell_word, shown, tcl_word, verilog_name

HOSTILE = (
    "BUFA[{*}exec touch X]", "$env(HOME)", "a;exec touch X", "{", "}", '"', "\\", "a b", "#x", "a\nexec touch X", "x\\",
    "[", "]", "a\tb", "{*}x", "$x", "`touch X`", "'", "~", "!x", "&", "|x", "*", "?", "a\rb", "\\[x]", "\x7f", "",
    "café", "\N{GREEK SMALL LETTER MU}m",
)  # fmt: skip
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0", max_codepoint=0xFFFF), max_size=20)


def require(tool: str) -> str:
    found = shutil.which(tool)
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"{tool} is not installed")
    return found or tool


def in_tcl(texts, folder):
    """Return what Tcl takes each word for, as code points."""
    (folder / "words.tcl").write_text(
        "".join(f"lappend words {tcl_word(text)}\n" for text in texts)
        + "foreach word $words {set line word; foreach c [split $word {}] {lappend line [scan $c %c]}; puts $line}\n"
    )
    # OpenSTA is the Tcl that the words are for.
    command = [require("sta"), "-no_splash", "-exit", "words.tcl"]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    lines = run.stdout.decode().splitlines()
    assert all(line.startswith("word") for line in lines), lines
    return ["".join(chr(int(code)) for code in line.split()[1:]) for line in lines]


def test_tcl_takes_a_word_for_the_text_it_was(tmp_path):
    assert in_tcl(HOSTILE, tmp_path) == list(HOSTILE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["words.tcl"]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=1, max_size=20))
def test_tcl_takes_any_text_so(texts, tmp_path):
    assert in_tcl(texts, tmp_path) == texts


@settings(max_examples=20)
@given(texts=st.lists(TEXT | st.sampled_from(HOSTILE), min_size=1, max_size=20))
def test_the_shell_takes_a_word_for_the_text_it_was(texts):
    script = "printf '%s\\0' " + " ".join(map(shell_word, texts))
    run = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert run.stdout.decode().split("\0")[:-1] == texts


VERILOG = (
    "NAND2_X1", "and", "wire", "input", "logic", "bit", "do", "priority", "final", "A[0]", "A[3:0]", "a-b", "1st", "$x",
    "a$b", "x;endmodule", "//", "(*", "/*", "\\", '"', "#1",
)  # fmt: skip


@pytest.mark.parametrize("standard", ["-g2005", "-g2012"])
def test_verilog_takes_a_name_for_the_name_it_was(tmp_path, standard):
    modules = "".join(
        f"module {verilog_name(name)} (input {verilog_name(name + '_i')}, output {verilog_name(name + '_o')});\n"
        f"  wire {verilog_name('w' + name)} = {verilog_name(name + '_i')};\n"
        f"  assign {verilog_name(name + '_o')} = ~{verilog_name('w' + name)};\nendmodule\n"
        for name in VERILOG
    )
    uses = "".join(
        f"  wire o{at};\n  {verilog_name(name)} u{at} (.{verilog_name(name + '_i')}(1'b0), "
        f".{verilog_name(name + '_o')}(o{at}));\n  initial #1 $display(\"%m %b\", o{at});\n"
        for at, name in enumerate(VERILOG)
    )
    (tmp_path / "names.v").write_text(f"{modules}module top;\n{uses}endmodule\n")
    command = [require("iverilog"), standard, "-s", "top", "-o", "names.vvp", "names.v"]
    built = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    run = subprocess.run([require("vvp"), "-n", "names.vvp"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["top 1"] * len(VERILOG)


@pytest.mark.parametrize("name", ["", "a b", "a\n", "\x00", "café", "a\x7f", " ", "`define"])
def test_verilog_has_no_escape_for_spaces_and_what_is_not_ascii(name):
    with pytest.raises(ValueError, match="expected printable ASCII without spaces and backquotes"):
        verilog_name(name)


@given(st.text(max_size=300))
def test_an_identifier_is_what_the_grammar_says(text):
    expected = bool(text) and len(text) <= 255 and text[0] in LETTERS and set(text) <= set(LETTERS + "0123456789$")
    assert is_identifier(text) == expected
    assert "at most 255" in GRAMMAR


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"


@pytest.mark.parametrize("length", [255, 256])
def test_an_identifier_has_a_longest(length):
    assert is_identifier("a" * length) == (length == 255)


@given(st.binary(min_size=1, max_size=30))
def test_what_is_shown_of_a_name_is_one_line_of_text(content):
    text = shown(os.fsdecode(content.replace(b"\0", b"")))
    assert text.isprintable() or not text
    text.encode()
    assert not re.search(r"[\x00-\x1f\x7f]", text)
