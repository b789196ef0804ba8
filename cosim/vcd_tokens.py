"""A VCD read token by token, whoever wrote it: what it declares is bounded, what it says has been declared.

The parser is pyvcd's, not ours.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO

from vcd.reader import Token, TokenKind, VarDecl, VCDParseError, tokenize

from files.errors import FileError
from files.names import shown
from files.reading import open_regular

# Of a file: bytes of a token, bits of a variable, variables, levels of scopes, letters of all names with their scopes.
MOST_TOKEN, MOST_BITS, MOST_VARIABLES, MOST_LEVELS, MOST_LETTERS = 1 << 21, 1 << 20, 1 << 20, 256, 1 << 28
_LAST_TIME = (1 << 64) - 1
_CHANGES = {
    TokenKind.CHANGE_SCALAR: "scalar_change",
    TokenKind.CHANGE_VECTOR: "vector_change",
    TokenKind.CHANGE_REAL: "real_change",
    TokenKind.CHANGE_STRING: "string_change",
}
_DECLARATIONS = (TokenKind.VAR, TokenKind.SCOPE, TokenKind.UPSCOPE)
# The value of a scalar or vector: a number, or a string if it has other digits than 0 and 1.
Value = int | str


class VCDError(ValueError):
    """A VCD that cannot be read, or lacks a signal; the message names file and signal."""


class _Bounded(io.RawIOBase):
    """A file that gives a token at most so many bytes, and that ends with a line."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.given, self.last, self.ends = 0, 10, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        count = self.file.readinto(buffer)  # type: ignore[attr-defined]
        self.given += count
        if count:
            self.last = buffer[count - 1]
        else:
            # The parser may ask for ever.
            self.ends += 1
            if self.last not in b" \t\r\n" or self.ends > 8:
                raise ValueError("ends in the middle of a line, as if it had been cut off")
        if self.given > MOST_TOKEN:
            raise ValueError(f"a token, or a gap, of more than {MOST_TOKEN:,} bytes")
        return count


class VcdFile:
    """Goes through a VCD.

    Parameters
    ----------
    path : path-like

    Attributes
    ----------
    scopes : list of str
        In which the next variable stands.
    sizes : dict of str to int
        Bits of each variable that was declared so far, by its code.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self.scopes: list[str] = []
        self.sizes: dict[str, int] = {}
        self._declared = False
        self._variables = self._letters = 0
        self._time = 0

    def error(self, reason: str) -> VCDError:
        """Return an error that names the file."""
        return VCDError(f"{shown(self.path)}: {reason}")

    def tokens(self) -> Iterator[Token]:
        """Yield each token; memory grows with the declarations alone.

        Raises
        ------
        VCDError
            The file cannot be read, is no VCD, ends within a line or its declarations, changes what it has not
            declared, goes back in time, or declares more than the limits of this module.
        """
        try:
            with open_regular(self.path, what="VCD") as file:
                stream = _Bounded(file)
                for token in tokenize(stream):
                    stream.given = 0
                    self._check(token)
                    yield token
        except VCDError:
            raise
        except FileError as error:
            raise VCDError(str(error)) from error
        except (OSError, VCDParseError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise self.error(f"cannot be read as a VCD: {' '.join(str(error).split())[:200]}") from error
        if not self._declared:
            raise self.error("cannot be read as a VCD: has no $enddefinitions")

    def _check(self, token: Token) -> None:
        kind = token.kind
        if not self._declared and (kind in _CHANGES or kind is TokenKind.CHANGE_TIME):
            raise self.error("a time or a value before $enddefinitions")
        if kind in _CHANGES:
            code = getattr(token, _CHANGES[kind]).id_code
            if code not in self.sizes:
                raise self.error(f"a value for {code[:20]!r}, which no $var declares")
        elif kind is TokenKind.CHANGE_TIME:
            if not self._time <= token.time_change <= _LAST_TIME:
                raise self.error(
                    f"time {str(token.time_change)[:40]} after {self._time}, expected times that grow, in 64 bits"
                )
            self._time = token.time_change
        elif kind is TokenKind.ENDDEFINITIONS:
            self._declared = True
        elif kind in _DECLARATIONS and self._declared:
            raise self.error("declares a variable or scope after $enddefinitions")
        elif kind is TokenKind.SCOPE:
            if len(self.scopes) >= MOST_LEVELS:
                raise self.error(f"more than {MOST_LEVELS} scopes in each other")
            self.scopes.append(token.scope.ident)
        elif kind is TokenKind.UPSCOPE:
            if not self.scopes:
                raise self.error("an $upscope too many")
            self.scopes.pop()
        elif kind is TokenKind.VAR:
            self._declare(token.var)

    def _declare(self, variable: VarDecl) -> None:
        name = variable.reference[:60]
        if not 0 <= variable.size <= MOST_BITS:
            raise self.error(f"{name} has {str(variable.size)[:20]} bits, expected at most {MOST_BITS:,}")
        if self.sizes.setdefault(variable.id_code, variable.size) != variable.size:
            raise self.error(f"{name} has {variable.size} bits, but shares its code with one of another size")
        self._variables += 1
        self._letters += len(variable.reference) + sum(map(len, self.scopes)) + len(self.scopes)
        if self._variables > MOST_VARIABLES or self._letters > MOST_LETTERS:
            raise self.error(f"more than {MOST_VARIABLES:,} variables, or {MOST_LETTERS:,} letters in their names")


def fits(value: Value, size: int) -> bool:
    """Return whether a value has no more digits than its variable has bits."""
    return value.bit_length() <= size if isinstance(value, int) else len(value) <= size
