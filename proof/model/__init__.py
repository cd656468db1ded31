"""A model of the order protocol: all its states are visited, with all rules and without each.

The steps are the product's own table, the workers' decisions the product's own `next_move()`; the
database service, the participants, time and the network are modelled here. `docs/model.md` says
what is abstracted away.

rules.py         what can be left out            bounds.py        how far a search goes
books.py         the participants                beliefs.py       what a worker believes and plans
database.py      the record and its versions     equivalence.py   which beliefs behave alike
state.py         one state of the whole          setup.py         what is the same in all of them
working.py       what a worker may do            surroundings.py  what happens around it
checks.py        section 5                       search.py        every state, breadth first
story.py         the way to a violation          words.py, telling.py   … in words
verdict.py       the two questions               __main__.py      the command
"""
