"""Whether a folder is on a network file system, where SQLite's log may not be trusted."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["is_remote", "kind_of"]

_REMOTE = re.compile(
    r"nfs\d?|cifs|smb\w*|afs|ncpfs|9p|ceph|lustre|gpfs|beegfs\w*|glusterfs|pvfs2|orangefs|davfs|"
    r"fuse\.(?!ext|ntfs|exfat|portal|gvfsd-local).*"
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_remote(folder: Path, *, mounts: Path = _MOUNTS) -> bool:
    """Tell whether a folder is known to be on a network file system (Linux; elsewhere False)."""
    return _REMOTE.fullmatch(kind_of(folder, mounts=mounts)) is not None


def kind_of(folder: Path, *, mounts: Path = _MOUNTS) -> str:
    """Return the type of the file system that a folder is on, such as `ext4`; empty if not known."""
    try:
        read = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place = folder.absolute().resolve()
    longest, kind = -1, ""
    for line in read:
        fields = line.split()
        # mount id, parent, device, root, mount point, options, optional ..., "-", type, source
        if len(fields) < 7 or "-" not in fields[6:]:
            continue
        point = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), fields[4]))
        # The last of equal mount points hides the earlier ones.
        if place.is_relative_to(point) and len(point.parts) >= longest:
            longest, kind = len(point.parts), fields[fields.index("-", 6) + 1]
    return kind
