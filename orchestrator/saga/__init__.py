"""The saga of an order.

table.py       the steps and their undos, in order        steps/       one file per step
next_move.py   what to do next: a pure function           progress.py  what it decides on
runner.py      the one loop that does it                  custody.py   lease, version, fence
failure.py     how a failed call is told                  record.py    the order as it is stored
running.py     the sagas of this replica
"""
