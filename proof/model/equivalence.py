"""Which nodes of a finite graph behave alike for ever: the coarsest partition, by refinement.

Two nodes are alike when they show the same, and the same letters lead to nodes that are alike. To
put one in the place of the other changes nothing that can be seen, so a search need visit one only.
"""

from collections.abc import Hashable, Mapping, Sequence


def representatives(
    shown: Sequence[Hashable], edges: Sequence[Mapping[Hashable, int]]
) -> list[int]:
    """For each node the first one that is like it; node `n` shows `shown[n]`."""
    block = _numbered(shown)
    while True:
        signatures = [
            (own, frozenset((letter, block[end]) for letter, end in leads.items()))
            for own, leads in zip(block, edges, strict=True)
        ]
        finer = _numbered(signatures)
        if max(finer, default=0) == max(block, default=0):
            return [finer.index(own) for own in finer]
        block = finer


def _numbered(values: Sequence[Hashable]) -> list[int]:
    """Equal values get equal numbers, in the order in which they come."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]
