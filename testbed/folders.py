"""Where the testbed works: the project's root, and folders that do not outlive the program."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from testbed.reaper import Reaper

ROOT = Path(__file__).resolve().parent.parent
"""The project's root: what the started programs are imported from."""

REAPER = Reaper()
"""The one of this program; its process starts with the first thing there is to clean up."""


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is removed at the end, whatever the end is."""
    folder = Path(tempfile.mkdtemp(prefix="orders-"))
    REAPER.adopt_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        REAPER.forget_folder(folder)
