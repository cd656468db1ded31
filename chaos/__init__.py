"""Chaos: the whole system as processes, under load, while everything that can fail does.

`python -m chaos --seconds 60 --replicas 3 --postgres`. It ends with everything healed and an audit
of section 5 of the protocol; docs/chaos.md tells what is done and how it is judged.
"""
