"""How the order service speaks to its upstreams: one `send()`, four thin typed clients on it.

Imports nothing of the order service, so that it can be read, tested and replaced alone.
"""
