"""Tables of the database service.

An id that was abandoned stays in `database_orders` as a row of status ABANDONED: a create and an
abandon of one id meet on one primary key, so that one of them always sees the other. `lease_until`
is NULL exactly when the order is final, which makes "unfinished" an index of its own.
"""

MIGRATIONS = [
    """
    CREATE TABLE database_orders (
        id TEXT PRIMARY KEY,
        caller TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        user_id TEXT,
        status TEXT NOT NULL CHECK (
            status IN ('PENDING', 'COMPENSATING', 'CONFIRMED', 'FAILED', 'CANCELLED', 'ABANDONED')
        ),
        version BIGINT NOT NULL CHECK (version >= 1),
        write_id TEXT,
        owner TEXT,
        lease_until BIGINT,
        rounds BIGINT NOT NULL CHECK (rounds >= 0),
        attention TEXT,
        attention_since BIGINT,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        order_json TEXT NOT NULL,
        progress_json TEXT NOT NULL,
        CHECK ((status IN ('PENDING', 'COMPENSATING')) = (lease_until IS NOT NULL)),
        CHECK (lease_until IS NOT NULL OR (owner IS NULL AND attention IS NULL)),
        CHECK ((attention IS NULL) = (attention_since IS NULL))
    );

    -- what is due, and what is unfinished
    CREATE INDEX database_orders_lease ON database_orders (lease_until, id)
        WHERE lease_until IS NOT NULL;
    -- what an owner holds: the repeat of a claim whose answer was lost
    CREATE INDEX database_orders_owner ON database_orders (owner) WHERE owner IS NOT NULL;
    -- what wants a person, newest first
    CREATE INDEX database_orders_attention ON database_orders (created_ms, id)
        WHERE attention IS NOT NULL;
    -- lists, newest first
    CREATE INDEX database_orders_newest ON database_orders (created_ms, id);
    CREATE INDEX database_orders_by_caller ON database_orders (caller, created_ms, id);
    CREATE INDEX database_orders_by_user ON database_orders (user_id, created_ms, id)
        WHERE user_id IS NOT NULL;
    CREATE INDEX database_orders_by_status ON database_orders (status, created_ms, id);

    CREATE TABLE database_keys (
        caller TEXT NOT NULL,
        key TEXT NOT NULL,
        order_id TEXT NOT NULL,
        expires_ms BIGINT NOT NULL,
        PRIMARY KEY (caller, key)
    );
    CREATE INDEX database_keys_order ON database_keys (order_id);
    CREATE INDEX database_keys_expiry ON database_keys (expires_ms);
    """,
]
