"""The reference inventory: stock, reservations that expire, and their undo.

A real team's inventory may take its place; what it must keep is the contract (docs/protocol.md).
"""
