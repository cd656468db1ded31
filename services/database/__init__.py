"""The database service: orders, idempotency keys, leases and claims."""
