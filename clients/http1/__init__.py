"""HTTP/1.1 over the event loop's own sockets: the network under `httpx`, made for short calls.

httpx's own network layer looks at every connection for every request; with a few dozen of them
that is most of an order's time (docs/transport.md). This one does per request what a request
needs: take the connection used last, one write, one parser run, put it back.
"""
