"""`python -m conformance inventory --url http://host:8006` checks the service there."""

import sys

from conformance.program import main

if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a terminal without ✓
    sys.exit(main(sys.argv[1:], sys.stdout))
