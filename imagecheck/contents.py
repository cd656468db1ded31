"""What is in the image, and what must not be."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROGRAM: Final = "order-service"
"""The folder of our own code."""

OURS: Final = {"app.py", "clients", "orchestrator", "services", "__pycache__"}
"""All that is in it; the last is the bytecode of app.py."""

_BINARIES: Final = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "packages/bin")
_COMPILERS: Final = {"cc", "c++", "gcc", "g++", "clang", "tcc", "ld", "as", "make", "rustc", "go"}


def compilers(image: Path) -> list[str]:
    """Programs that make programs."""
    places = (image / place for place in _BINARIES)
    found = {path.name for place in places if place.is_dir() for path in place.iterdir()}
    return sorted(found & _COMPILERS)


def caches(image: Path) -> list[str]:
    """What pip leaves behind when it is let."""
    return _paths(image, (path for path in _walk(image) if path.name == "pip" and _cached(path)))


def strangers(image: Path) -> list[str]:
    """Files of ours that no program here needs: tests, settings, history."""
    own = image / PROGRAM
    beside = (path for path in own.iterdir() if path.name not in OURS)
    tests = (
        path for path in own.rglob("*") if path.name.startswith("test_") or path.name == "tests"
    )
    return _paths(image, (*beside, *tests))


def writable(image: Path, user: int) -> list[str]:
    """What that user could change if the root were not read-only, the places for work aside."""
    kept = (path for place in (PROGRAM, "packages") for path in _walk(image / place))
    return _paths(image, (path for path in kept if _may_write(path, user)))


def without_bytecode(image: Path) -> list[str]:
    """Modules that would be compiled at each start, since a read-only root cannot keep it."""
    modules = (image / PROGRAM).rglob("*.py")
    return _paths(image, (path for path in modules if not _compiled(path)))


def _compiled(module: Path) -> bool:
    return any((module.parent / "__pycache__").glob(f"{module.stem}.*.pyc"))


def _cached(path: Path) -> bool:
    return path.parent.name in {".cache", "cache"}


def _may_write(path: Path, user: int) -> bool:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return False
    return status.st_uid == user or bool(status.st_mode & stat.S_IWOTH)


def _walk(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            yield Path(folder, name)


def _paths(image: Path, found: Iterator[Path] | tuple[Path, ...]) -> list[str]:
    return sorted({f"/{path.relative_to(image)}" for path in found})
