"""Damage and malice in general: bytes, numbers, names, text, JSON; what is of one format stands with its surface."""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz.case import Entry, Folder, Hole, Link, Pipe

_WIDTHS = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFF_FFFF, "Q": 0xFFFF_FFFF_FFFF_FFFF}
NUMBERS = (
    "0", "-0", "-1", "1", "2", "0.0", "-0.0", "1e308", "-1e308", "1e309", "1e-320", "1e400", "NaN", "nan", "inf",
    "-inf", "Infinity", "true", "null", "255", "256", "65536", "2147483647", "2147483648", "4294967296",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "1" * 30, "1" * 31, "9" * 400, "7" * 4300,
    "8" * 5000, "-" + "9" * 400, "0" * 5000 + "1", "1_000", "0x10", "1e", "++1", "1.5", "١٢٣", "²", "\uff11", " 1 ",
    "1\x00",
)  # fmt: skip
NAMES = (
    "a b", "[{*}exec touch X]", "$(touch X)", "`touch X`", "; touch X", "a\nb", "a\r\nb", "\x1b[31mred", "a\x00b",
    "n" * 300, "n" * 5000, "..", ".", "/", "//", "../..", "/dev/zero", "-x", "--out", "~", "*", "?", "a/b", "a\\b",
    "caf\udce9", "\udcff\udcfe", "caf\u00e9", "cafe\u0301", "\u202egnp", "\ufeff", "nul", "{", "}", "\"", "'", "%s%n",
    "{0}", "${HOME}", "endmodule", "\\esc ", "header", "", " ", "\t", "#", "a,b", "\U0001f600", "con.npz",
)  # fmt: skip


def number(rng: random.Random) -> str:
    """Return an absurd number as text, sometimes any number."""
    if rng.random() < 0.2:
        return str(
            rng.choice([rng.randint(-10, 300), rng.random() * 10 ** rng.randint(-30, 30), 1 << rng.randint(0, 70)])
        )
    return rng.choice(NUMBERS)


def name(rng: random.Random) -> str:
    """Return a hostile name."""
    return rng.choice(NAMES)


def bytes_mutated(rng: random.Random, content: bytes, others: Sequence[bytes] = (), *, most: int = 4) -> bytes:
    """Return bytes with one to `most` changes: bits, bytes, lengths, insertions, cuts, splices."""
    data = bytearray(content)
    for _ in range(rng.randint(1, most)):
        _CHANGES[rng.randrange(len(_CHANGES))](rng, data, others)
    return bytes(data)


def _place(rng: random.Random, data: bytearray) -> int:
    # Headers stand in front: half of the changes are made there.
    return rng.randrange(min(len(data), 96 if rng.random() < 0.5 else len(data)) or 1)


def _flip(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _set(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if data:
        data[_place(rng, data)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x20, rng.randrange(256)])


def _integer(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    kind = rng.choice("BHIQ")
    most = _WIDTHS[kind]
    value = rng.choice([0, 1, 2, most, most - 1, most >> 1, (most >> 1) + 1, rng.randint(0, most), len(data) & most])
    packed = struct.pack(rng.choice("<>") + kind, value)
    at = _place(rng, data)
    data[at : at + len(packed)] = packed


def _truncate(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _delete(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice([1, 2, 4, 16, 100])]


def _insert(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _place(rng, data)
    data[at:at] = rng.choice([rng.randbytes(rng.choice([1, 2, 4, 40])), b"\x00" * 8, b"\xff" * 4, b"\n", b"[" * 2000])


def _repeat(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = _place(rng, data)
    block = bytes(data[at : at + rng.choice([1, 8, 64, 512])])
    data[at:at] = block * rng.choice([1, 2, 50])


def _splice(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    if others:
        other = rng.choice(others)
        data[_place(rng, data) :] = other[rng.randrange(len(other) + 1) :]


def _swap(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    length, one, two = rng.choice([1, 4, 32]), _place(rng, data), _place(rng, data)
    if abs(one - two) >= length and max(one, two) + length <= len(data):
        data[one : one + length], data[two : two + length] = data[two : two + length], data[one : one + length]


_CHANGES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...] = (
    _flip, _flip, _flip, _set, _integer, _integer, _truncate, _delete, _insert, _repeat, _splice, _swap,
)  # fmt: skip


def text_mutated(rng: random.Random, text: str, *, most: int = 3) -> bytes:
    """Return text, as bytes, with one to `most` changes: numbers, words, lines, brackets; at times another encoding."""
    for _ in range(rng.randint(1, most)):
        text = _text_changed(rng, text)
    encoding = "utf-8" if rng.random() < 0.9 else rng.choice(["utf-8-sig", "latin-1", "utf-16", "cp037"])
    content = text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    return bytes_mutated(rng, content, most=2) if rng.random() < 0.15 else content


def _text_changed(rng: random.Random, text: str) -> str:
    change = rng.randrange(10)
    if change <= 3:
        found = list(re.finditer(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?" if change <= 1 else r"[A-Za-z_]\w*", text))
        if found:
            match = rng.choice(found)
            put = number(rng) if rng.random() < (0.8 if change <= 1 else 0.2) else name(rng)
            return text[: match.start()] + put + text[match.end() :]
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    if change == 4:
        lines.insert(at, rng.choice(lines))
    elif change == 5:
        del lines[at]
    elif change == 6:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif change == 7:
        place = rng.randrange(len(text) + 1)
        put = rng.choice(["\x00", "\ufeff", "\u2028", "\r", "\x0c", '"', "'", "\\", ",", "{", "}", "[", "]", "(", ")",
                          ";", ":", "=", "/*", "//", "#", "\n", " ", "\udce9"])  # fmt: skip
        return text[:place] + put + text[place:]
    elif change == 8:
        place, depth = rng.randrange(len(text) + 1), rng.choice([70, 1000, 20_000])
        opening, closing = rng.choice(["[]", "{}", "()", ("{a=", "}"), ("[[", "]]"), ("a.", ""), ('{"a":', "}")])
        return text[:place] + opening * depth + closing * depth * rng.randrange(2) + text[place:]
    elif change == 9:
        line = lines[at]
        # Cut: over several changes a line that is repeated would take all memory here, and not in the reader.
        lines[at] = rng.choice([line[:1000] * 200, "x" * 200_000, line + "," * 3000, line + " " * 50_000])
    return "\n".join(lines)


class Raw(str):
    """A number or other text that stands in JSON as it is."""


def json_text(value: Any) -> str:
    """Return a value as JSON, `Raw` as it stands."""
    raws: list[str] = []

    def plain(part: Any) -> Any:
        if isinstance(part, Raw):
            raws.append(str(part))
            return f"@raw{len(raws) - 1}@"
        if isinstance(part, dict):
            return {key: plain(inner) for key, inner in part.items()}
        return [plain(inner) for inner in part] if isinstance(part, list | tuple) else part

    text = json.dumps(plain(value))
    return re.sub(r'"@raw(\d+)@"', lambda found: raws[int(found[1])], text)


def json_changed(rng: random.Random, value: Any, *, most: int = 2) -> Any:
    """Return a copy of JSON types with one to `most` nodes replaced, removed, added or doubled; may hold `Raw`."""
    for _ in range(rng.randint(1, most)):
        value = _node_changed(rng, value)
    return value


def _node_changed(rng: random.Random, value: Any) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(sorted(value))
        change = rng.random()
        copy = dict(value)
        if change < 0.1:
            del copy[key]
        elif change < 0.2:
            copy[name(rng)] = copy.get(rng.choice(sorted(value)))
        elif change < 0.25:
            copy[key + rng.choice(["", " ", "x"])] = copy.pop(key)
        else:
            copy[key] = _node_changed(rng, value[key])
        return copy
    if isinstance(value, list | tuple) and value and rng.random() < 0.7:
        copy = list(value)
        at = rng.randrange(len(copy))
        change = rng.random()
        if change < 0.15:
            del copy[at]
        elif change < 0.3:
            copy.insert(at, copy[at])
        elif change < 0.35:
            copy = copy * rng.choice([0, 2, 1000])
        else:
            copy[at] = _node_changed(rng, copy[at])
        return copy
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.3:
        return rng.choice([value + 1, value - 1, -value, value * 2, value * 1000, float(value), str(value), [value]])
    deep = rng.choice([70, 1000, 50_000])
    return rng.choice([
        Raw(number(rng)), Raw(number(rng)), name(rng), [], {}, None, True, False, [[]], {"a": 1}, 1, 1.5,
        Raw("[" * deep + "]" * deep), Raw('{"a":' * deep + "1" + "}" * deep), "x" * 100_000, Raw(f'"{number(rng)}"'),
    ])  # fmt: skip


def json_mutated(rng: random.Random, value: Any) -> bytes:
    """Return JSON of a value that was changed, now and then damaged as text."""
    text = json_text(json_changed(rng, value))
    return text_mutated(rng, text, most=1) if rng.random() < 0.1 else text.encode("utf-8", "surrogateescape")


def special(rng: random.Random, named: str, content: bytes) -> dict[str, Entry]:
    """Return entries where `named` is no ordinary file: a pipe, a device, a folder, a link, far too large, empty."""
    kind = rng.randrange(10)
    if kind == 0:
        return {named: Pipe()}
    if kind == 1:
        return {named: Folder()}
    if kind <= 5:
        target = ["/dev/zero", "/dev/full", "/proc/self/mem", named][kind - 2]
        return {named: Link(target)}
    if kind == 6:
        return {named: Link("away"), "away": content}
    if kind == 7:
        return {named: Hole(content, rng.choice([1 << 32, 1 << 40]))}
    return {named: b""} if kind == 8 else {}


def placed(rng: random.Random, named: str, content: bytes, *, suffix: str = "") -> tuple[dict[str, Entry], str]:
    """Return entries and argument of one file: mostly as named, now and then under a hostile name, or no plain file."""
    chance = rng.random()
    if chance < 0.02:
        return special(rng, named, content), named
    if chance < 0.06:
        hostile = name(rng) + suffix
        # Within the case's folder, or the argument alone.
        inside = not hostile.startswith("/") and ".." not in hostile.split("/")
        return ({hostile: content} if inside else {}), hostile
    return {named: content}, named
