"""Coaching on a small board: the model it can bear, as many pictures as it can bear, and nothing it need not write.

::

    camera ─ pace ─► Session ─► Feedback ─► Sayings ─► screen, voice, socket
       ▲                │                      └─► Journal (a line now and then)
       └──── Budget ◄───┘ seconds of work
"""
