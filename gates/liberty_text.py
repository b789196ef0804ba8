"""The text of a Liberty file, plain or gzipped, and what it says: its groups, and the same again as tools take it.

Each tool reads Liberty in a way of its own: OpenSTA knows no ``//``, ABC looks for comments and brackets inside
strings, both take a unit that they cannot read for another. So they get what was read here, written anew: ASCII, no
comments, a statement a line, strings without what any of them stumbles over.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from files.errors import FileError
from files.limits import check_size
from files.reading import read_bytes
from gates.errors import LibertyError

__all__ = ["SPECIAL", "WHAT", "Group", "LibertyError", "parse_liberty", "read_liberty_text"]

WHAT = "Liberty library"
# Of nested groups; a library has five or six levels.
MOST_LEVELS = 64
# Of those that are kept; large libraries have a tenth of it.
MOST_GROUPS = 500_000
# What synthesis needs to know: the groups, and their attributes. The rest is only written anew.
_KEPT = frozenset("library cell pin ff ff_bank latch latch_bank statetable bus bundle".split())
# Attributes of a cell, or of a pin, with which it is no gate to build logic of.
SPECIAL = frozenset(
    "always_on auxiliary_pad_cell clock_gating_integrated_cell dont_use interface_timing is_clock_isolation_cell "
    "is_decap_cell is_filler_cell is_isolation_cell is_level_shifter is_macro_cell is_memory_cell is_pad is_pll_cell "
    "is_tap_cell level_shifter_type pad_cell physical_variant_cells retention_cell switch_cell_type".split()
)
_ATTRIBUTES = SPECIAL | frozenset(
    "area capacitive_load_unit clear clear_preset_var1 clear_preset_var2 clock_gate_clock_pin clock_gate_enable_pin "
    "clock_gate_out_pin clock_gate_test_pin clocked_on clocked_on_also direction function next_state nom_voltage "
    "preset state_function three_state time_unit".split()
)
# What power needs besides, groups and attributes; kept only when asked for, since tables are most of a file.
_KEPT_FOR_POWER = _KEPT | frozenset(
    "leakage_power internal_power power rise_power fall_power power_lut_template timing rise_transition "
    "fall_transition lu_table_template wire_load".split()
)
_ATTRIBUTES_FOR_POWER = _ATTRIBUTES | frozenset(
    "capacitance cell_leakage_power default_wire_load fall_capacitance fanout_length index_1 index_2 index_3 "
    "leakage_power_unit nom_temperature nom_voltage related_pg_pin related_pin rise_capacitance slope timing_sense "
    "timing_type value values variable_1 variable_2 variable_3 voltage_unit when".split()
)
# What a group says several times: kept one after another, with a semicolon between.
_REPEATED = "fanout_length"
LONGEST_REPEATED = 10_000
# Written anew by what made sense of them, for all tools to read alike.
_OURS = frozenset({"dont_use", "time_unit", "capacitive_load_unit"})
# Bytes that are unpacked at a time.
_BLOCK = 1 << 18
_CONTINUED = r"\\[ \t]*\r?\n"
# No possessive quantifier of a group: Python before 3.11.4 forgets to go back where an alternative fails in one.
_BLANK = re.compile(rf"[ \t\r\n\f\v]++|{_CONTINUED}|/\*(?s:.*?)\*/|//[^\n]*+")
_TOKEN = re.compile(
    rf'"((?:[^"\\\n]|{_CONTINUED}|\\[^\n])*)"|([{{}}();:,])|((?:[^\s"{{}}();:,/\\]|/(?![*/]))++)', re.ASCII
)
_JOINED = re.compile(rf"{_CONTINUED}[ \t]*")
_NAME = re.compile(r"[A-Za-z_]\w{0,254}", re.ASCII)
_BRACKETS = str.maketrans("(){}", "____")


@dataclass
class Group:
    """A group of a Liberty file.

    Parameters
    ----------
    kind : str
        ``library``, ``cell``, ``pin``, ``ff`` and so on.
    names : tuple of str
        What stands in its parentheses.
    line : int
        Where it begins.
    begin, end : int
        Of what stands in its braces, in the text for tools.
    attributes : dict of str to str
        Those that synthesis needs, or power too, simple and complex ones.
    groups : list of Group
    """

    kind: str
    names: tuple[str, ...]
    line: int
    begin: int = 0
    end: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def of_kind(self, kind: str) -> Iterator[Group]:
        """Yield the groups in it of one kind."""
        return (group for group in self.groups if group.kind == kind)


def read_liberty_text(path: Path) -> str:
    """Return a Liberty file's text; what is gzipped, whatever its name, is unpacked. Memory: twice the text.

    Raises
    ------
    LibertyError
        The file cannot be read, is damaged or too large, or is no text.
    """
    try:
        content = read_bytes(path, what=WHAT)
        if content[:2] == b"\x1f\x8b":
            content = _unpacked(content, path)
    except FileError as error:
        raise LibertyError(str(error)) from error
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise LibertyError(f"{path}: is UTF-16 text, expected a {WHAT} as ASCII or UTF-8")
    zero = content.find(b"\0")
    if zero >= 0:
        raise LibertyError(f"{path}: cannot be read as text (byte {zero} is 0), expected a {WHAT}")
    # Whatever stands beyond ASCII may stand only in comments and strings, where no byte of it matters.
    return content.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _unpacked(content: bytes, path: Path) -> bytes:
    """Return what is gzipped, in one member or several."""
    found, at = bytearray(), 0
    member = zlib.decompressobj(31)
    try:
        while at < len(content):
            if member.eof:
                # The next member; padding with zeros is usual.
                if content[at] == 0:
                    at += 1
                    continue
                member = zlib.decompressobj(31)
            block = content[at : at + _BLOCK]
            found += member.decompress(block, _BLOCK)
            at += len(block) - len(member.unconsumed_tail) - len(member.unused_data)
            check_size(path, f"{WHAT}, as far as it was unpacked,", len(found))
        while not member.eof and (more := member.decompress(b"", _BLOCK)):
            found += more
            check_size(path, f"{WHAT}, as far as it was unpacked,", len(found))
    except zlib.error as error:
        raise LibertyError(f"{path}: damaged gzip file ({error})") from error
    if not member.eof:
        raise LibertyError(f"{path}: gzip file that ends early")
    return bytes(found)


def parse_liberty(text: str, path: Path, power: bool = False) -> tuple[Group, str]:
    """Return the library group, and the text for tools without units and without ``dont_use``.

    With `power`, the groups and attributes of leakage, internal power and capacitance are kept too. Memory: the text
    once more, or twice with `power`, and at most `MOST_GROUPS` groups.

    Raises
    ------
    LibertyError
        It is not Liberty, nested too deep, or in several files; with the line.
    """
    parser = _Parser(text, path, power)
    root = parser.parse()
    libraries = list(root.of_kind("library"))
    if not libraries:
        raise LibertyError(f"{path}: no library group, expected a {WHAT}")
    if len(libraries) > 1:
        raise LibertyError(f"{path}: line {libraries[1].line}: a second library, expected one a file")
    return libraries[0], parser.written.getvalue()


class _Parser:
    """Goes through a text once."""

    def __init__(self, text: str, path: Path, power: bool = False) -> None:
        self.text, self.path = text, path
        self.groups = _KEPT_FOR_POWER if power else _KEPT
        self.attributes = _ATTRIBUTES_FOR_POWER if power else _ATTRIBUTES
        self.written = io.StringIO()
        self.at = 0
        # Of the token that was taken last: its kind ("string", "mark", "word", or "" at the end), what it says, how it
        # is written for tools, where it begins, and whether white space, and the end of a line, stood before it.
        self.kind, self.token, self.said, self.began = "", "", "", 0
        self.spaced = self.line_ended = False
        self._counted = (0, 1)
        self._groups = 0

    def parse(self) -> Group:
        root = Group("", (), 1)
        # Of groups that are not kept, None.
        stack: list[Group | None] = [root]
        kinds = ["file"]
        self._take()
        while self.kind:
            if self._is("}"):
                if len(stack) == 1:
                    raise self._bad("no more closing braces than opening ones")
                closed = stack.pop()
                kinds.pop()
                if closed is not None:
                    closed.end = self.written.tell()
                self.written.write("}\n")
                self._take()
            elif self._is(";"):
                self._take()
            else:
                opened, kept = self._statement(stack[-1])
                if opened:
                    if len(stack) > MOST_LEVELS:
                        raise self._bad(f"at most {MOST_LEVELS} groups in each other")
                    stack.append(kept)
                    kinds.append(opened)
        if len(stack) > 1:
            raise LibertyError(f"{self.path}: ends inside {kinds[-1]}, which a }} is missing of")
        return root

    def _statement(self, group: Group | None) -> tuple[str, Group | None]:
        """Take an attribute, or the beginning of a group; return the group's kind and, if it is kept, itself."""
        name, began = self.token, self.began
        if self.kind == "mark" or not _NAME.fullmatch(name):
            raise self._bad(f"'name : value' or 'name (...)', got {name[:40]!r}")
        self._take()
        if self._is(":"):
            self._take()
            value = self._value()
            self._attribute(group, name, value, began)
            if name not in _OURS:
                self.written.write(f"{name} : {value[0]};\n")
            return "", None
        if not self._is("("):
            self.token, self.began = name, began
            raise self._bad(f"'name : value' or 'name (...)', got {name[:40]!r}")
        self._take()
        said, names = self._arguments(name)
        if name in ("include_file", "include"):
            self.began = began
            raise self._bad(f"a library in one file, got {name} ({', '.join(names)[:60]})")
        if not self._is("{"):
            self._attribute(group, name, (said, ",".join(names)), began)
            if name not in _OURS:
                self.written.write(f"{name} ({said});\n")
            return "", None
        self.written.write(f"{name} ({said}) {{\n")
        kept = None
        if group is not None and name in self.groups:
            self._groups += 1
            if self._groups > MOST_GROUPS:
                raise self._bad(f"at most {MOST_GROUPS:,} cells, pins and the like")
            kept = Group(name, names, self._line(began), self.written.tell())
            group.groups.append(kept)
        self._take()
        return name, kept

    def _attribute(self, group: Group | None, name: str, value: tuple[str, str], began: int) -> None:
        if group is None or name not in self.attributes:
            return
        if name == _REPEATED and name in group.attributes:
            group.attributes[name] += ";" + value[1]
            if len(group.attributes[name]) > LONGEST_REPEATED:
                self.began = began
                raise self._bad(f"at most {LONGEST_REPEATED:,} characters of {name} in a {group.kind}")
            return
        known = group.attributes.setdefault(name, value[1])
        if known != value[1]:
            # Some tools take the first, some the last.
            self.began = began
            raise self._bad(f"{name} once in a {group.kind}, got {known[:40]!r} and {value[1][:40]!r}")

    def _value(self) -> tuple[str, str]:
        """Take a value up to its semicolon, which may be absent at the end of a line; return it as written and bare."""
        said, bare = "", ""
        while self.kind and not self._is(";") and not self._is("}") and not (said and self.line_ended):
            between = " " if said and self.spaced else ""
            said += between + self.said
            bare += between + self.token
            self._take()
        return said, bare

    def _arguments(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Take what stands in parentheses, and the closing one; return it as written, and its parts."""
        said: list[str] = []
        parts: list[str] = []
        while not self._is(")"):
            if not self.kind or (self.kind == "mark" and self.token in "{};("):
                raise self._bad(f"a closing parenthesis after {name[:40]}")
            said += [" " if said and self.spaced else "", self.said]
            if self._is(":") and parts:
                # Of a range, A[3:0].
                parts[-1] += ":"
            elif self.kind != "mark" and parts and parts[-1].endswith(":"):
                parts[-1] += self.token
            elif self.kind != "mark":
                parts.append(self.token)
            self._take()
        self._take()
        return "".join(said), tuple(parts)

    def _is(self, mark: str) -> bool:
        return self.kind == "mark" and self.token == mark

    def _take(self) -> None:
        """Take the next token."""
        at = self.at
        while blank := _BLANK.match(self.text, at):
            at = blank.end()
        self.spaced = at > self.at
        self.line_ended = self.spaced and "\n" in re.sub(_CONTINUED, "", self.text[self.at : at])
        self.at = self.began = at
        if at == len(self.text):
            self.kind, self.token, self.said = "", "", ""
            return
        found = _TOKEN.match(self.text, at)
        if found is None:
            if self.text.startswith("/*", at):
                raise self._bad("an end of the comment that begins here")
            if self.text[at] == '"':
                raise self._bad("a closing quote in the line of its opening one (or \\ at the end of the line)")
            raise self._bad(f"'name : value' or 'name (...)', got {self.text[at : at + 20]!r}")
        self.at = found.end()
        if found[1] is not None:
            string = _JOINED.sub(" ", found[1]) if "\\" in found[1] else found[1]
            self.kind, self.token = "string", string.replace("\t", " ")
            self.said = f'"{_clean(self.token)}"'
        elif found[2]:
            self.kind, self.token, self.said = "mark", found[2], found[2]
        else:
            self.kind, self.token, self.said = "word", found[3], found[3]
            if not (self.token.isascii() and self.token.isprintable()):
                raise self._bad(f"ASCII outside comments and strings, got {self.token[:40]!r}")

    def _line(self, place: int) -> int:
        counted, line = self._counted
        line += self.text.count("\n", counted, place) if place >= counted else -self.text.count("\n", place, counted)
        self._counted = (place, line)
        return line

    def _bad(self, expected: str) -> LibertyError:
        return LibertyError(f"{self.path}: line {self._line(self.began)}: expected {expected}")


def _clean(string: str) -> str:
    """Return what stands in a string, without what some tool takes for more than text."""
    if "\\" in string:
        string = re.sub(r"\\.", "_", string)
    if not (string.isascii() and string.isprintable()):
        string = "".join(c if " " <= c <= "~" else "?" for c in string)
    if "/" in string and re.search(r"//|/\*|\*/", string):
        string = string.replace("/", "_")
    if any(bracket in string for bracket in "(){}") and not _balanced(string):
        string = string.translate(_BRACKETS)
    return string


def _balanced(string: str) -> bool:
    for opening, closing in ("()", "{}"):
        level = 0
        for character in string:
            level += (character == opening) - (character == closing)
            if level < 0:
                return False
        if level:
            return False
    return True
