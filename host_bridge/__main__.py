"""The command `boardpulse`, also as `python -m host_bridge`."""

from host_bridge.cli import boardpulse


def main() -> None:
    """Run the command line; ends the process with one of the codes in cli/exit_codes.py."""
    boardpulse(prog_name="boardpulse")


if __name__ == "__main__":
    main()
