"""The whole system as real processes, with faults at will.

The demo, the end-to-end tests and the fault runs stand on it. It starts programs and speaks HTTP
with them; it imports nothing of theirs.
"""
