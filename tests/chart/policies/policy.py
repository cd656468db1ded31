"""What a rule about rendered objects is, and how rules are put together."""

from collections.abc import Callable, Iterator

from tests.chart.installed import Installed

Policy = Callable[[Installed, str], Iterator[str]]
"""A rule: what is wrong with what is installed, on this version of Kubernetes ("1.34")."""
