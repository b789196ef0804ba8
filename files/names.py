"""Names that come from outside: the grammar of an identifier, and quoting for the language a name is written into."""

from __future__ import annotations

import os
import re
import shlex

# What a cell, pin, net, module or stage may be called, wherever we read one: no language that we write takes it apart.
GRAMMAR = "a letter or _, then letters, digits, _ or $, at most 255 in all"
# What begins so in Verilog is the design's own.
DESIGN_PREFIX = "rsnn_"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,254}")
# Of Verilog and SystemVerilog (IEEE 1364-2005, 1800-2017): tools read a .v file as either.
_VERILOG_KEYWORDS = frozenset(
    "accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before begin bind "
    "bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking cmos config "
    "const constraint context continue cover covergroup coverpoint cross deassign default defparam design disable "
    "dist do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup "
    "endinterface endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable endtask "
    "enum event eventually expect export extends extern final first_match for force foreach forever fork forkjoin "
    "function generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import "
    "incdir include initial inout input inside instance int integer interconnect interface intersect join join_any "
    "join_none large let liblist library local localparam logic longint macromodule matches medium modport module "
    "nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed "
    "parameter pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup "
    "pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg "
    "reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime "
    "s_until s_until_with scalared sequence shortint shortreal showcancelled signed small soft solve specify "
    "specparam static string strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on table "
    "tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg "
    "type typedef union unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait "
    "wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor".split()
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
    r"""Return a name as Verilog takes it: as it is, or where it is a keyword or no identifier ``\name`` and a space.

    Raises
    ------
    ValueError
        Empty, or with white space or a character outside printable ASCII, which no escape allows, or with a backquote,
        which preprocessors look for before they look for escapes.
    """
    if is_identifier(name) and name not in _VERILOG_KEYWORDS:
        return name
    if not name or not all("!" <= character <= "~" and character != "`" for character in name):
        raise ValueError(f"name {name[:40]!r}: expected printable ASCII without spaces and backquotes")
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
