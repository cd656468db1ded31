"""A conformance kit: checks a running upstream against the upstream contract, over HTTP only.

It imports nothing of this project: it is for services of other teams.
"""
