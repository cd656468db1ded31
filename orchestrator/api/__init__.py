"""The HTTP face: parse → place → render.

orders.py    the routes             body.py      bytes → JSON       schemas.py  JSON → Order
keys.py      key and caller         problems.py  error → answer     render.py   record → answer
health.py    probes and metrics     tracing.py   request id, traceparent, last resort
"""
