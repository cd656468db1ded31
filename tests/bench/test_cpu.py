"""Cores and CPU time: what is measured keeps its core, and what it used is all counted."""

import os
import subprocess
import sys

import pytest

from bench import cpu

pytestmark = pytest.mark.skipif(not cpu.available(), reason="needs /proc and affinity: Linux")


def test_the_service_keeps_its_core() -> None:
    """Having tied itself to the other core, the load generator still knows which is the service's.

    Otherwise all of them share one core, and every write of the service hands it over.
    """
    before = (cpu.service_core(), cpu.other_core())

    with cpu.on(cpu.other_core()):
        assert before == (cpu.service_core(), cpu.other_core())


def test_what_is_started_inherits_the_core() -> None:
    """A program that is started on a core may use no other, and this one is as free as before."""
    mine = os.sched_getaffinity(0)
    ask = "import os; print(*os.sched_getaffinity(0))"

    with cpu.on(cpu.service_core()):
        told = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True)

    assert told.stdout.split() == [str(cpu.service_core()).encode()]
    assert mine == os.sched_getaffinity(0)


def test_children_are_found() -> None:
    """A process that another has started belongs to it; one that has ended has used nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in cpu.with_children([os.getpid()])
        assert cpu.resident_mib(child.pid) <= cpu.peak_mib(child.pid)
        child.communicate(b"\n")

    assert cpu.used_s([child.pid]) == 0
