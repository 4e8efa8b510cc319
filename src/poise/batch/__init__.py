"""Libraries of films: each followed once, judged as often as one likes, resumed wherever it was cut off.

::

    films ─ hash ─► inventory ─ follow ─► keypoints/ ─ judge ─► films/ reps/ reports/ ─► summary.html
                                   └─ bad ─► quarantine/                (tables, in shards)

Every file appears whole or not at all and is named after what it was made from, so what is there is done, whoever
was killed when: nothing else is remembered. ``library`` says which films there are, ``results`` where things lie,
``jobs`` what is done to one film or one shard, ``crew`` and ``cluster`` by whom, ``run`` in which order.
"""
