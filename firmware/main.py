"""What a board runs when it has no application of its own: boardpulse as boardpulse.json says.

On a Unix machine: `micropython main.py [config.json]` or `python main.py [config.json]`, with the repository and its
firmware folder
on MICROPYPATH or PYTHONPATH.
"""

import asyncio
import sys

import boardpulse


def run(path):
    """Run until it is interrupted; then say bye. An exit status: 2 for a configuration that is wrong."""
    from shared_schema.errors import ConfigError

    try:
        node = boardpulse.start(path)
    except ConfigError as error:
        print("%s:" % path)
        for where, value, right in error.problems:
            if where in ("", path):
                print("  it should be %s" % right)
            else:
                print("  %s is %r; it should be %s" % (where, value, right))
        return 2
    try:
        asyncio.run(node.run())
    except KeyboardInterrupt:
        node.close()
    return 0


def interrupt_on_terminate():
    """Have SIGTERM end the program as Ctrl-C does, where there are signals."""
    try:
        import signal
    except ImportError:
        return

    def interrupt(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


if __name__ == "__main__":
    interrupt_on_terminate()
    status = run(sys.argv[1] if len(sys.argv) > 1 else "boardpulse.json")
    if status:
        sys.exit(status)
