"""One file per step of the saga; `orchestrator/saga/table.py` puts them in order."""
