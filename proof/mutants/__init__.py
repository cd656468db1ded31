"""Can the matrix fail? `python -m proof.mutants` breaks the product in known ways and looks."""
