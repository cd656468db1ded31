"""Three orchestrators, the same faults, the same auditor: what does each lose?

`python -m bench.compare` starts each with the reference upstreams as real processes, lets every
fault of `faults` befall a few orders, mends everything, waits a stated bound and has the testbed's
auditor look at the upstreams' books.
"""
