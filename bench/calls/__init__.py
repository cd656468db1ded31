"""What one call costs, layer by layer: CPU time of this process per call, one upstream, one core.

It is the one benchmark that imports what it measures: processes from outside cannot see layers.
"""
