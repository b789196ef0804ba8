"""Containment of hostile cases: a process to which everything but its own folder is read-only.

A fault that a case finds is a fault that happens. One of them, a commit that followed a link, moved folders of the
machine that it ran on; what is looked for must not be able to do that.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_NEW_MOUNTS, _NEW_USER = 0x0002_0000, 0x1000_0000
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 32, 4096, 16_384, 1 << 18
_UNTOUCHED = ("/proc", "/sys", "/dev")


def contain(folder: Path) -> bool:
    """Make all file systems read-only to this process and its children, but for a folder; False where that is refused.

    Parameters
    ----------
    folder : Path
        Stays writable.
    """
    folder = folder.resolve()
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str | None, target: str, flags: int) -> bool:
        given = None if source is None else os.fsencode(source)
        return libc.mount(given, os.fsencode(target), None, flags, None) == 0

    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_NEW_MOUNTS if user == 0 else _NEW_MOUNTS | _NEW_USER) != 0:
        return False
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    if not mount(None, "/", _PRIVATE | _RECURSIVE) or not mount(str(folder), str(folder), _BIND):
        return False
    mounted = [line.split()[4].encode().decode("unicode_escape") for line in open("/proc/self/mountinfo")]  # noqa: SIM115
    for place in sorted(set(mounted) - {str(folder)}, key=len):
        shut = mount(None, place, _REMOUNT | _BIND | _READ_ONLY)
        if not shut and not place.startswith(_UNTOUCHED):
            return False
    os.chdir(folder)
    return True
