"""Orchestrators that make the same seven calls, each as its makers would want it written.

They are bare: no keys remembered, no retries, no compensation, no metrics. What they cost is what
the calls cost; what this service costs has everything in it. They read the same addresses from the
environment, answer on the same routes, and import nothing of this service.
"""
