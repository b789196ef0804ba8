"""Names that come from outside: the grammar of an identifier, and quoting for the language a name is written into."""

from __future__ import annotations

import os
import re
import shlex

# What a cell, pin, net, module or stage may be called, wherever we read one: no language that we write takes it apart.
GRAMMAR = "a letter or _, then letters, digits, _ or $, at most 255 in all"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,254}")
_VERILOG_KEYWORDS = frozenset(
    "always and assign begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam design "
    "disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable "
    "endtask event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial "
    "inout input instance integer join large liblist library localparam macromodule medium module nand negedge nmos "
    "nor noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup "
    "pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 "
    "rtranif1 scalared showcancelled signed small specify specparam strong0 strong1 supply0 supply1 table task time "
    "tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while "
    "wire wor xnor xor".split()
)


def is_identifier(name: str) -> bool:
    """Return whether a name keeps to `GRAMMAR`.

    Examples
    --------
    >>> is_identifier("NAND2_X1"), is_identifier("BUF[{*}exec touch X]")
    (True, False)
    """
    return _IDENTIFIER.fullmatch(name) is not None


def verilog_name(name: str) -> str:
    r"""Return a name as Verilog takes it: as it is, or escaped (``\name ``) where it is a keyword or no identifier.

    Raises
    ------
    ValueError
        Empty, or with white space or a character outside printable ASCII, which no escape allows.
    """
    if is_identifier(name) and name not in _VERILOG_KEYWORDS:
        return name
    if not name or not all("!" <= character <= "~" for character in name):
        raise ValueError(f"name {name[:40]!r}: expected printable ASCII without spaces")
    return f"\\{name} "


def tcl_word(text: str) -> str:
    r"""Return text as one word of Tcl that nothing is substituted in.

    Examples
    --------
    >>> print(tcl_word("cells.lib"), tcl_word("[exec touch X]"))
    cells.lib \[exec\ touch\ X\]
    """
    if not text:
        return "{}"
    return "".join(map(_tcl_character, text))


def _tcl_character(character: str) -> str:
    if character.isascii() and (character.isalnum() or character in "_./-:,+="):
        return character
    if not character.isascii() or not character.isprintable():
        code = ord(character)
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return f"\\{character}"


def shell_word(text: str) -> str:
    """Return text as one word of a POSIX shell."""
    return shlex.quote(text)


def shown(name: str | os.PathLike[str]) -> str:
    r"""Return a file's name as text to print anywhere: bytes that are no UTF-8, and control characters, escaped.

    Examples
    --------
    >>> shown("caf\udce9.wav")
    'caf\\xe9.wav'
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
