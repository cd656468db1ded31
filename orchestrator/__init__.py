"""The order service: one saga over inventory, payment and shipping, kept in the database service."""
