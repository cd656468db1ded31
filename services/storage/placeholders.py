"""One SQL text for both engines: :name placeholders as psycopg wants them."""

import re
from functools import lru_cache

# Not the second colon of a cast (::bigint). String literals with a colon in them have no place in
# our statements; values are parameters.
PLACEHOLDER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


@lru_cache(maxsize=512)  # a service has some dozens of statements
def to_pyformat(sql: str) -> bytes:
    """Return `sql` with :name written as %(name)s."""
    return PLACEHOLDER.sub(r"%(\1)s", sql.replace("%", "%%")).encode()
