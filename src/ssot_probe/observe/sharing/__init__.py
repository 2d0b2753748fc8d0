"""Which objects are reachable from the instances of two users: one traversal, its evidence, its verdict.

It works on plain objects and knows nothing of the rest of the probe. A look goes a slice at a time, in a
thread of its own:

    memory = Memory()  # one for all looks of a process
    look = SharingLook(roots, is_application, memory, shared_ok=..., users=..., modules=...)
    while not look.advance(0.001):  # seconds of work; True as soon as it is finished
        sleep(0.004)
    found = look.result  # a Look

`roots` are `Root`s: instances with the ids of their users, taken right before. `is_application(type)` says
whether a type is defined by a first-party file: objects of other types are reported where users share them,
and never looked into. `look.stop("why")` ends a look early; `result` then has what was judged so far, and
says why in `stopped`. Go on calling `advance` until it is true: only then is every object forgotten. A look
calls no code of the application.

The roles: `walk` labels what each user's instances lead to, `entries` takes the objects that sharing begins
at, `paths` finds the references again, `evidence` searches below for the users' data (`tags` says what
counts as an id), `verdicts` judges, `step_names` and `drawing` put it into words, `memory` is what the next
look compares with. `kinds`, `known_types`, `anatomy` and `edges` say what is followed at all.
"""
