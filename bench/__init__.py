"""What is measured: this service beside others that do the same work."""
