"""The reference upstreams: inventory, payment, shipping and database, each a real program.

They speak the order protocol over HTTP and share nothing with the order service but the wire.
"""
