"""Two small order services to compare with: one as tutorials write it, and one written with care.

Both use the same upstreams as this service and do what it does when nothing fails. `naive` is what
a search for "saga orchestrator FastAPI" teaches; `careful` mends everything in it that can be
mended without recovery. No line of them is anybody's: they model habits, not a repository.
"""
