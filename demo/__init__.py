"""`python -m demo`: watch orders go through, and come back when they must."""
