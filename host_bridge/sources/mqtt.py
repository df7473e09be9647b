"""Boards behind an MQTT broker.

Nothing is lost between the broker and the store: the session is persistent, and a frame is confirmed (PUBACK) only when
the core has committed it. Four things follow.

- When the engine's queue is full, this source waits, reads nothing more, and TCP holds the broker back. After
  `OVERLOAD_S` it gives the connection up without confirming; a broker sends what was not confirmed again, with the DUP
  flag, on the next connection, and on no other occasion. What came with QoS 0 nobody sends again: after `QOS0_WAIT_S`
  it is dropped and counted, and so is all of it that follows, until the queue takes something.
- Brokers stop sending at some number of unconfirmed messages (mosquitto: 20), and the core holds back frames whose
  declaration it lacks. So `hello` and `state` come with QoS 0, which that limit does not stop, and a frame that was
  held for `unanswered_s`, or behind which MAX_WITHHELD others are held, is confirmed: silent boards, or somebody who
  invents boards, must not cut off the fleet. The core still has it in memory.
- A broker that kept frames for us sends them before the retained hellos that explain them. So what comes on `up` waits
  here until the retained messages have come; it stays unconfirmed, so that the broker's own limit bounds it.
- A confirmation belongs to the connection that the message came on: later ones are dropped.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable

import paho.mqtt.client as paho

from host_bridge.core.received import BAD, FRAME, LINK_DOWN, LINK_UP, Received
from host_bridge.options import MqttOptions
from host_bridge.sources.delivery import deliver_link, deliver_within
from host_bridge.sources.mqtt_live import LiveFeed
from host_bridge.sources.mqtt_session import LinkError, MqttSession, ReconnectError
from host_bridge.sources.mqtt_tap import Message
from shared_schema.messages import SHARDS, TOPIC_ROOT, is_identifier, shard, topic

SOURCE = "mqtt"
CHANNELS = (("up", 1), ("hello", 0), ("state", 0))  # with the QoS that we subscribe with
OVERLOAD_S = 5.0
QOS0_WAIT_S = 1.0  # for a queue out of which nothing is taken: an engine that works takes thousands in that time
MAX_EARLY = 1000  # frames (QoS 1) that wait for the retained hellos; unless told otherwise a broker sends 20
MAX_WITHHELD = 10  # frames that the core holds and that stay unconfirmed: half of what mosquitto sends ahead
MAX_TOPICS = 40_000  # that are remembered as taken apart: three for each of 10,000 boards, and some
_TOPIC_LEVELS = 5

Token = tuple[int, int]  # number of the connection, and MQTT's message id on it
Named = tuple[str, str]  # device id and channel


class MqttSource:
    """One broker, and the boards behind it."""

    name = SOURCE

    def __init__(self, options: MqttOptions, dropped: Callable[[], None] = lambda: None) -> None:
        """dropped: told of each message that was given up, as the queue was full; it comes from nowhere again."""
        self._options = options
        self._dropped = dropped
        self._dropping = False  # since the queue last took something
        self._came_at = 0.0  # the newest message with QoS 1, on the monotonic clock
        self._port = options.url
        self._deliver: Callable[[Received], bool] = lambda received: False
        self._connection = 0
        self._unanswered: dict[Token, float] = {}  # when each came, oldest first
        self._early: deque[Message] = deque()  # on `up`, before the retained hellos; of the session's thread
        self._topics: dict[bytes, Named | None] = {}  # what parse_topic() said; of the session's threads
        self._withheld: dict[Token, None] = {}  # those of them that the core holds, oldest first
        self._lock = threading.Lock()  # of both
        self._paused = threading.Event()
        client_id = options.client_id or f"boardpulse.bridge.{socket.gethostname()}"
        up = [one for one in filters(options.shards) if one[0].endswith("/up")]
        self._live = LiveFeed(options, client_id + ".live", up, self._show)
        self._session = MqttSession(
            options,
            client_id,
            filters(options.shards),
            clean=options.clean_session,
            unwanted=unwanted(options.shards),
            on_message=self._take,
            on_up=self._up,
            on_down=self._down,
            on_connecting=self._new_connection,
            on_turn=self._look_around,
        )

    @property
    def connected(self) -> bool:
        """Whether the broker answers and has taken the subscription."""
        return self._session.connected

    def start(self, deliver: Callable[[Received], bool]) -> None:
        """Begin to connect; a broker that is down is tried again for ever."""
        self._deliver = deliver
        self._session.start()

    def pause(self) -> None:
        """Take no more messages, so that the engine can finish what it has. What still comes stays with the broker."""
        self._paused.set()

    def stop(self) -> None:
        """Send the last confirmations and leave the broker, which keeps what comes meanwhile."""
        self._paused.set()
        self._session.stop()
        self._live.off()

    def send(self, port: str, device_id: str, frame: bytes) -> bool:
        """Publish a frame to the board's `down` topic; False when there is no connection or no such topic."""
        if not self._session.connected or not is_identifier(device_id):
            return False
        down = topic(device_id, "down")
        self._session.do(lambda client: client.publish(down, frame, qos=1))
        return True

    def acknowledge(self, *tokens: object) -> None:
        """Confirm the messages of `tokens` that are of this connection and were not confirmed before."""
        with self._lock:  # also of confirm(): a token that is known here is of this connection
            known = []
            for token in tokens:
                if self._unanswered.pop(token, None) is not None:  # type: ignore[call-overload]  # another's is not in it
                    self._withheld.pop(token, None)  # type: ignore[call-overload]
                    known.append(token[1])  # type: ignore[index]
            if known:
                self._session.confirm(known)

    def withhold(self, token: object) -> None:
        """The core holds the message of `token`: confirm the oldest of those that it holds when there are too many."""
        with self._lock:
            if isinstance(token, tuple) and token in self._unanswered:
                self._withheld[token] = None
            oldest = next(iter(self._withheld)) if len(self._withheld) > MAX_WITHHELD else None
        if oldest is not None:
            self.acknowledge(oldest)

    def stall(self, stalled: bool) -> None:
        """Nothing can be kept, and nothing is confirmed; or it can again: have what was not confirmed sent again."""
        self._live.stall(stalled)
        if not stalled and self._unanswered:
            self._session.do(_ask_again)

    def _show(self, message: Message) -> None:
        received = self._received(message, None)
        if received is not None and not self._paused.is_set():
            self._deliver(received._replace(shown=True))

    def _up(self) -> None:
        self._tell(LINK_UP, "connected")
        while self._early:
            self._pass_on(self._early.popleft())

    def _down(self, reason: str) -> None:
        self._tell(LINK_DOWN, reason)

    def _tell(self, what: int, text: str) -> None:
        received = Received(SOURCE, self._options.url, time.time(), what, text)
        deliver_link(self._deliver, received, self._paused)

    def _new_connection(self) -> None:
        self._early.clear()
        with self._lock:
            self._unanswered.clear()
            self._withheld.clear()
            self._connection += 1

    def _take(self, message: Message) -> None:
        if not self._session.connected and message.qos:
            self._early.append(message)
            if len(self._early) > MAX_EARLY:
                self._pass_on(self._early.popleft())
        else:
            self._pass_on(message)

    def _pass_on(self, message: Message) -> None:
        if self._paused.is_set():
            return
        token = self._remember(message)
        received = self._received(message, token)
        if received is None or (self._deliver_patiently(received, message.qos) and received.token is None):
            self.acknowledge(token)

    def _remember(self, message: Message) -> Token | None:
        if message.qos == 0:
            return None
        token = (self._connection, message.mid)
        with self._lock:
            self._unanswered[token] = self._came_at = time.monotonic()
        return token

    def _received(self, message: Message, token: Token | None) -> Received | None:
        """The message as the core knows it; None for one that says nothing (the removal of a retained one)."""
        now = time.time()
        named = self._topics.get(message.topic) or self._named(message.topic)
        if named is None:
            return Received(SOURCE, self._port, now, BAD, "identity")
        device_id, channel = named
        if message.payload:
            return Received(
                SOURCE, self._port, now, FRAME, message.payload, device_id, channel, message.retain, token, message.dup
            )
        return Received(SOURCE, self._port, now, BAD, "too_long", device_id, channel) if message.size else None

    def _named(self, name: bytes) -> Named | None:
        named = parse_topic(name)
        if named is not None:
            if len(self._topics) >= MAX_TOPICS:
                self._topics.clear()
            self._topics[name] = named
        return named

    def _deliver_patiently(self, received: Received, qos: int) -> bool:
        """Deliver, waiting while the queue is full. False: it stays with the broker, or with QoS 0 it is dropped."""
        if self._deliver(received):
            self._dropping = False
            return True
        patience_s = OVERLOAD_S if qos else 0.0 if self._dropping else QOS0_WAIT_S
        if patience_s and deliver_within(self._deliver, received, patience_s, self._paused):
            self._came_at = time.monotonic()  # it was us who waited, and not for the broker
            return True
        if self._paused.is_set():
            return False
        if not qos:
            self._dropping = True
            self._dropped()
            return False
        raise LinkError(
            f"overloaded: the queue was full for {OVERLOAD_S:g} s; the broker will send again what is unconfirmed"
        )

    def _look_around(self) -> None:
        self._confirm_overdue()
        with self._lock:
            waiting = (came for token, came in self._unanswered.items() if token not in self._withheld)
            oldest_at = next(waiting, None)
        if not self._paused.is_set():
            self._live.look(oldest_at, self._came_at, time.monotonic())

    def _confirm_overdue(self) -> None:
        """Confirm what the core has held for too long; see the module's text."""
        oldest_allowed = time.monotonic() - self._options.unanswered_s
        with self._lock:
            overdue = []
            for token in self._withheld:
                if self._unanswered.get(token, 0.0) > oldest_allowed:
                    break
                overdue.append(token)
        self.acknowledge(*overdue)


def _ask_again(_: paho.Client) -> None:
    """On the session's thread: a broker sends again on another connection only."""
    raise ReconnectError("what could not be kept is asked for again")


def filters(shards: tuple[str, ...]) -> list[tuple[str, int]]:
    """What to subscribe to, and with which QoS."""
    return [(f"{TOPIC_ROOT}/{part}/+/{channel}", qos) for part in shards or ("+",) for channel, qos in CHANNELS]


def unwanted(shards: tuple[str, ...]) -> list[str]:
    """Subscriptions that the broker may remember from when this bridge was configured for other shards."""
    if not shards:
        return []
    others = [f"{number:02x}" for number in range(SHARDS) if f"{number:02x}" not in shards]
    return [f"{TOPIC_ROOT}/{part}/+/{channel}" for part in ["+", *others] for channel, _ in CHANNELS]


def parse_topic(name: bytes) -> Named | None:
    """Device id and channel of a topic. None when it is none of ours: other levels, an impossible id, a wrong shard."""
    try:
        levels = name.decode().split("/")
    except UnicodeDecodeError:
        return None
    if len(levels) != _TOPIC_LEVELS or "/".join(levels[:2]) != TOPIC_ROOT:
        return None
    part, device_id, channel = levels[2:]
    if not is_identifier(device_id) or part != shard(device_id):
        return None
    return device_id, channel
