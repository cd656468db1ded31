"""Errors of the services: tombstones, versions, keys, leases."""

from typing import Final

from proof.mutants.mutant import Edit, Mutant

_DATABASE: Final = "services/database/commands.py"
_SHIPPING: Final = "services/shipping/commands.py"

UPSTREAMS: Final = (
    Mutant(
        "no version check",
        "the last write wins: a worker that slept writes over what its successor has decided",
        (
            Edit(
                _DATABASE,
                ' AND database_orders.version = {0}version"\n'
                "    \"  AND database_orders.owner || '' = {0}owner\"",
                '"',
            ),
        ),
    ),
    Mutant(
        "no tombstone: inventory",
        "the undo of something unknown answers 200 and remembers nothing",
        (
            Edit(
                "services/inventory/commands.py",
                "    if not _leave_tombstone(tx, reservation_id, now_ms):",
                "    if find_reservation(tx, reservation_id) is not None:",
            ),
        ),
    ),
    Mutant(
        "no tombstone: payment",
        "the undo of something unknown answers 200 and remembers nothing",
        (
            Edit(
                "services/payment/commands.py",
                "    if _leave_tombstone(tx, payment_id):",
                "    if find_payment(tx, payment_id) is None:",
            ),
        ),
    ),
    Mutant(
        "no tombstone: shipping",
        "the undo of something unknown answers 200 and remembers nothing",
        (
            Edit(
                _SHIPPING,
                "    if not _leave_tombstone(tx, shipment_id):",
                "    if find_shipment(tx, shipment_id) is not None:",
            ),
        ),
    ),
    Mutant(
        "a tombstone is deleted when it is hit",
        "Seata's fence does, and a second late call gets through",
        (
            Edit(
                _SHIPPING,
                "    _refuse_cancelled(find_shipment(tx, request.id))\n",
                "    row = find_shipment(tx, request.id)\n"
                "    if row is not None and row['status'] == Status.CANCELLED:\n"
                "        tx.execute('DELETE FROM shipping_shipments WHERE id = :id',"
                " id=request.id)\n"
                "        return refuse(410, 'cancelled', 'This shipment has been cancelled.')\n",
            ),
        ),
    ),
    Mutant(
        "check, then insert of keys",
        "Spree: two requests find the key free, and both go through",
        (
            Edit(
                "orchestrator/idempotency.py",
                "        stored = await self._database.create(new, limits)\n",
                "        if (found := await self.find(claim, order, limits)) is not None:\n"
                "            return found\n"
                "        stored = await self._database.create(new, limits)\n",
            ),
            Edit(
                _DATABASE,
                '" WHERE database_keys.expires_ms <= :now AND EXISTS ("',
                '" WHERE :now = :now OR EXISTS ("',
            ),
        ),
    ),
    Mutant(
        "leases by the replica's clock",
        "a replica whose clock is ahead takes orders from replicas that are alive",
        (
            Edit(
                "clients/database.py",
                "from dataclasses import",
                "import time\nfrom dataclasses import",
            ),
            Edit(
                "clients/database.py",
                '"leaseS": lease_s, "limit": limit}',
                '"leaseS": lease_s, "limit": limit, "now": int(time.time() * 1000)}',
            ),
            Edit(
                "services/database/model.py",
                "    limit: Annotated[int, Field(ge=1, le=100)]\n",
                "    limit: Annotated[int, Field(ge=1, le=100)]\n    now: int\n",
            ),
            Edit(
                _DATABASE,
                "return held or _claim_due(tx, request, now), now",
                "return held or _claim_due(tx, request, request.now), now",
            ),
        ),
    ),
    Mutant(
        "a withdrawn order leaves no mark",
        "the create whose answer was lost is deleted; the create that is still under way comes",
        (
            Edit(
                _DATABASE,
                "    buried = tx.execute(\n",
                "    tx.execute(\n"
                '        "DELETE FROM database_orders WHERE id = :id AND owner = :owner",\n'
                "        id=order_id,\n"
                "        owner=request.owner,\n"
                "    )\n"
                '    tx.execute("DELETE FROM database_keys WHERE order_id = :id", id=order_id)\n'
                "    if _select(tx, order_id) is None:\n"
                "        return\n"
                "    buried = tx.execute(\n",
            ),
        ),
    ),
)
