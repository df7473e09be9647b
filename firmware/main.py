"""What a board runs when it has no application of its own: boardpulse as boardpulse.json says.

On a Unix machine: `micropython main.py [config.json]` or `python main.py [config.json]`, with the repository and its
firmware folder on MICROPYPATH or PYTHONPATH.
"""

import sys

import boardpulse

if __name__ == "__main__":
    status = boardpulse.main(sys.argv[1] if len(sys.argv) > 1 else "boardpulse.json")
    if status and sys.argv:  # a board, which has none, would start again for ever
        sys.exit(status)
