"""The reference shipping service: shipments, their dispatch, and their cancellation.

A real carrier may take its place; what it must keep is the contract (docs/protocol.md).
"""
