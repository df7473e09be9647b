"""What the process ends with, for scripts. `boardpulse --help` says the same."""

OK = 0
FAILED = 1  # it could not be done, or a goal was not met; the reason is on stderr
USAGE = 2  # the command line is wrong; click's own code
NO_BRIDGE = 3  # no bridge answers
