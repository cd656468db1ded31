"""What a mutant is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `old`, which must occur exactly once in `file`, by `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A classic error, made in the product; `field` is who made it, or how it looks out there."""

    name: str
    field: str
    edits: tuple[Edit, ...]
