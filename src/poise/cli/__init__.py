"""The command line: each command parses, calls one function, and prints.

Exit codes: 0 all went well; 1 something could not be done, and the last lines say what and what to do; 2 the
command was typed wrong; 130 interrupted.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line on ``sys.argv``; problems poise can explain end in a sentence, never a traceback."""
    from poise.cli.app import complain, load
    from poise.errors import PoiseError

    try:
        load(sys.argv[1:])()
    except PoiseError as problem:
        complain(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
