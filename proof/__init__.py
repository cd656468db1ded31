"""Proof that no fault loses money, stock or an order: `python -m proof`."""
