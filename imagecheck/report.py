"""What was looked at and what was seen, line by line, as it is seen."""

import sys


class Report:
    """Prints each line at once; remembers whether all of them were good."""

    def __init__(self) -> None:
        self.seen = 0
        self.wrong = 0

    def heading(self, text: str) -> None:
        """Begin a part."""
        sys.stdout.write(f"\n── {text}\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Say something that can be neither right nor wrong."""
        sys.stdout.write(f"    {text}\n")
        sys.stdout.flush()

    def saw(self, what: str, *, good: bool) -> None:
        """Note one thing that must be so, with what it was found to be."""
        self.seen += 1
        self.wrong += not good
        sys.stdout.write(f"  {'✓' if good else '✗'} {what}\n")
        sys.stdout.flush()
