"""Traffic of the network interfaces, from /proc/net/dev (proc_pid_net(5))."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.protocols import Row

_RECEIVED = const(41)  # catalog: device_network_receive_bytes
_SENT = const(42)  # catalog: device_network_transmit_bytes
_RECEIVE_ERRORS = const(43)  # catalog: device_network_receive_errors
_SEND_ERRORS = const(44)  # catalog: device_network_transmit_errors


def parse(text: str) -> "dict[str, tuple[int, int, int, int]]":
    """Interface → bytes received, bytes sent, receive errors, send errors, since the machine's start. Lines that say
    something else are left out."""
    out = {}
    for line in text.split("\n"):
        name, colon, rest = line.partition(":")
        words = rest.split()
        if colon and len(words) >= 11 and "".join(words[:11]).isdigit():
            out[name.strip()] = (int(words[0]), int(words[8]), int(words[2]), int(words[10]))
    return out


class Network:
    """Counters of each interface except the loopback, from this program's start."""

    name = "network"

    def __init__(self, path: str = "/proc/net/dev") -> None:
        self._path = path
        self._first = self._read()
        self._names = sorted([name for name in self._first if name != "lo"])
        keys = (_RECEIVED, _SENT, _RECEIVE_ERRORS, _SEND_ERRORS)
        self.series = [(key, name) for name in self._names for key in keys]

    def _read(self) -> "dict[str, tuple[int, int, int, int]]":
        with open(self._path) as file:
            return parse(file.read())

    def read(self, into: "Row", at: int) -> None:
        """the four counters of each interface; missing while it is gone or after it was reset"""
        now = self._read()
        for name in self._names:
            first = self._first[name]
            counts = now.get(name)
            for i in range(4):
                grown = -1 if counts is None else counts[i] - first[i]
                into[at] = grown if grown >= 0 else None
                at += 1
