"""The reference payment service: authorize, capture, refund, and a ledger that adds up.

A real payment provider may take its place; what it must keep is the contract (docs/protocol.md).
"""
