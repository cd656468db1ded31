"""Builds the image without a daemon, runs it as a cluster would, and says what was seen."""
