"""The order service: a saga over inventory, payment and shipping, kept in the database service."""
