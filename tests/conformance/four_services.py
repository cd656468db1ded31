"""The four reference services in one process, each on a port of its own (NAME=PORT …).

`python -m services` does the same on the contract's ports. One process because each costs a second
of processor time to start, and the tests restart them.
"""

import sys

from services.__main__ import Place, Service
from services.settings import ServiceSettings
from testbed.ports import HOST


def main(arguments: list[str]) -> None:
    """Serve until killed."""
    settings = ServiceSettings()
    places = [argument.partition("=") for argument in arguments]
    servers = [Service(Place(name, HOST, int(port)), settings) for name, _, port in places]
    for server in servers:
        server.start(lambda: None)
    for server in servers:
        server.join()


if __name__ == "__main__":
    main(sys.argv[1:])
