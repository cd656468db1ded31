"""What an operation of the database service costs, from a thousand orders to a million.

The service runs as a process, on SQLite and on PostgreSQL; the orders that are there already are
put into its tables by SQL, and the operations are asked for over HTTP.
"""
