"""What a model does: inferences, their latency, errors, timeouts, tokens, and what waits for it."""

from boardpulse.compat import const, ticks_diff, ticks_us
from boardpulse.custom import Histogram

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from types import TracebackType

    from boardpulse.node import Node
    from boardpulse.protocols import Row

_REQUESTS = const(15)  # catalog: device_inference_requests
_DURATION = const(16)  # catalog: device_inference_duration_seconds
_ERRORS = const(64)  # catalog: device_inference_errors
_TIMEOUTS = const(65)  # catalog: device_inference_timeouts
_TOKENS = const(68)  # catalog: device_inference_tokens
_QUEUE = const(69)  # catalog: device_inference_queue_length

# The catalogue's bounds of device_inference_duration_seconds, in microseconds; a test compares them.
DURATION_BOUNDS_US = [100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000]
DURATION_BOUNDS_US += [2500000, 5000000, 10000000, 30000000]


class Model:
    """One model's figures, a sensor and a context manager at once:

    with model:
        result = infer(sample)
        model.tokens(input=12, output=40)
    """

    def __init__(self, model: str, version: str = "") -> None:
        self.name = "model " + model
        labels = (model, version)
        keys = (_REQUESTS, _ERRORS, _TIMEOUTS, _QUEUE)
        self.series: list[tuple[int | str, ...]] = [(key,) + labels for key in keys]
        self.series += [(_TOKENS,) + labels + (kind,) for kind in ("input", "output")]
        self.series.append((_DURATION,) + labels)
        self._duration = Histogram(0, DURATION_BOUNDS_US)
        self.columns = 6 + self._duration.width
        self._counts = [0] * 6
        self._start_us = 0
        self._timed_out = False

    def __enter__(self) -> "Model":
        self._counts[0] += 1
        self._timed_out = False
        self._start_us = ticks_us()
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", traceback: "TracebackType | None"
    ) -> None:
        """Count how it ended: what raised is an error and goes on being raised; what timed out is not also an error."""
        if self._timed_out:
            self._counts[2] += 1
        elif error is not None:
            self._counts[1] += 1
        else:
            self._duration.observe_scaled(ticks_diff(ticks_us(), self._start_us))

    def timeout(self) -> None:
        """Say that the running inference was given up because it took too long."""
        self._timed_out = True

    def tokens(self, input: int = 0, output: int = 0) -> None:  # noqa: A002  # the catalogue's names
        """Count tokens that were read and made."""
        if input < 0 or output < 0:
            raise ValueError("tokens cannot be taken back")
        self._counts[4] += int(input)
        self._counts[5] += int(output)

    def queue(self, length: int) -> None:
        """Say how many inputs wait for the model now."""
        self._counts[3] = int(length)

    def read(self, into: "Row", at: int) -> None:
        """in the order of `series`"""
        for count in self._counts:
            into[at] = count
            at += 1
        self._duration.fill(into, at)


def model(node: "Node", name: str, version: str = "") -> Model:
    """The recorder of a model; the first call for it has its series declared."""
    for group in node.sampler.groups:
        for slot in group.slots:
            if isinstance(slot.sensor, Model) and slot.sensor.series[0][1:] == (name, version):
                return slot.sensor
    recorder = Model(name, version)
    node.add_sensor(recorder)
    return recorder
