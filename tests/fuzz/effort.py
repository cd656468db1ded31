"""How many examples a test tries: few in every run, many for whoever looks for faults."""

from typing import Final

from hypothesis import settings

_USUAL: Final = 100
"""What hypothesis tries where a profile does not say."""


def examples(usual: int) -> int:
    """`usual` in the profile of every run, and in proportion more in one that tries more."""
    loaded = settings.default
    assert loaded is not None
    return max(1, round(usual * loaded.max_examples / _USUAL))
