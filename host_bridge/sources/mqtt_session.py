"""One connection after another to a broker, on one thread that owns paho's client and is the only one to touch it.

paho's own loop thread is not used: it can end silently after a long outage, and the client writes from any thread that
calls it, so that two packets may mix on the socket. Here others only queue what they want done, and wake this one.
"""

from __future__ import annotations

import select
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from structlog import get_logger

from host_bridge.options import MqttOptions
from host_bridge.sources.backoff import Backoff
from host_bridge.sources.mqtt_pause import Pause
from host_bridge.sources.mqtt_tap import Message, Tap, TappedClient
from host_bridge.sources.wake import Waker
from shared_schema.messages import TOPIC_ROOT

FIRST_RETRY_S = 1.0
MAX_RETRY_S = 30.0
CONNECT_TIMEOUT_S = 5.0
WELL_AFTER_S = 10.0  # a connection that lasted so long was well: the next outage begins with the shortest delay
WAIT_S = 0.2  # on_turn is called so often at least
GOODBYE_S = 0.7  # for the last acknowledgements and DISCONNECT to leave
NO_TOPIC = f"{TOPIC_ROOT}/goodbye"  # nobody publishes there
MAX_INFLIGHT = 100  # paho looks through all outgoing messages at each PUBACK
MAX_QUEUED = 1000  # commands to boards that the broker has not confirmed

log = get_logger(__name__)
Command = Callable[[paho.Client], object]


class LinkError(Exception):
    """The connection cannot go on; the text says why."""


class ReconnectError(LinkError):
    """We give the connection up on purpose: the next one is tried at once."""


class MqttSession:
    """Keeps a connection to the broker. The callbacks run on its thread; do() may be called from any."""

    def __init__(
        self,
        options: MqttOptions,
        client_id: str,
        filters: list[tuple[str, int]],
        *,
        unwanted: list[str] | None = None,
        clean: bool = False,
        on_message: Callable[[Message], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        on_connecting: Callable[[], None] = lambda: None,
        on_turn: Callable[[], None] = lambda: None,
    ) -> None:
        self._options = options
        self._filters = filters
        self._unwanted = unwanted or []
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self._on_connecting, self._on_turn = on_connecting, on_turn
        self._commands: deque[Command] = deque()
        self._confirms: deque[int] = deque()  # message ids
        self._pause = Pause()
        self._woken = False
        self._waker = Waker()
        self._stopping = threading.Event()
        self._failure = ""
        self._on_purpose = False
        self._said = ""
        self._linked = False
        self._connected = False
        self._opening_mid: int | None = None
        self._last_mid: int | None = None
        self._answered_mid: int | None = None
        self._client = self._make_client(client_id, clean)
        self._thread = threading.Thread(target=self._run, name=f"mqtt {options.url}", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker has confirmed connection and subscription, and has sent what it retains."""
        return self._connected

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the thread still cares for the connection."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Do what is queued, say goodbye to the broker, and end the thread."""
        self._stopping.set()
        self._waker.wake()
        if self._thread.is_alive():
            self._thread.join(GOODBYE_S + WAIT_S)

    def do(self, command: Command) -> None:
        """Have the thread call `command` with the client. While there is no connection it is dropped."""
        if self._linked:
            self._commands.append(command)
            self._wake()

    def confirm(self, mids: Iterable[int]) -> None:
        """Have the thread confirm messages. Of an earlier connection only until on_connecting() returns."""
        self._confirms.extend(mids)
        self._wake()

    def _wake(self) -> None:
        if not self._woken:
            self._woken = True
            self._waker.wake()

    def _make_client(self, client_id: str, clean: bool) -> TappedClient:
        options = self._options
        client = TappedClient(CallbackAPIVersion.VERSION2, client_id, clean_session=clean, manual_ack=True)
        client.max_inflight_messages_set(MAX_INFLIGHT)
        client.max_queued_messages_set(MAX_QUEUED)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if options.username:
            client.username_pw_set(options.username, options.password or None)
        if options.tls:
            client.tls_set_context(tls_context(options))
        client.on_connect = self._connected_to_broker
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = self._unsubscribed
        client.on_disconnect = self._disconnected
        client.connect_async(options.host, options.port, options.keepalive_s)
        return client

    def _run(self) -> None:
        retry = Backoff(FIRST_RETRY_S, MAX_RETRY_S)
        while not self._stopping.is_set():
            began = time.monotonic()
            reason = self._connect_and_serve()
            self._connected = self._linked = False
            if self._stopping.is_set():
                break
            self._say_down(reason)
            if time.monotonic() - began > WELL_AFTER_S:
                retry.reset()
            if not self._on_purpose:
                self._stopping.wait(retry.next())
        self._waker.close()

    def _connect_and_serve(self) -> str:
        """Serve one connection until it ends; why it ended."""
        self._failure, self._on_purpose = "", False
        try:
            self._on_connecting()
            self._commands.clear()
            self._confirms.clear()
            self._pause = Pause()
            self._client.reconnect()
            self._serve()
        except (LinkError, OSError) as error:  # ssl.SSLError is an OSError
            self._on_purpose = isinstance(error, ReconnectError)
            return self._failure or str(error)
        except Exception:  # a bug of ours or of the library may cost a connection, never the thread
            log.exception("mqtt_session_failed", broker=self._options.url)
            return "a bug ended the connection: please report the traceback"
        finally:
            self._commands.clear()
            self._client.disconnect()  # so that the broker does not take us for connected until the next attempt
        return self._failure or "disconnected"

    def _serve(self) -> None:
        until = 0.0
        while (tap := self._client.tap) is not None:
            if self._stopping.is_set():
                until = until or time.monotonic() + GOODBYE_S
                if self._said_goodbye(tap, until):
                    return
            self._do_commands(tap)
            self._turn(tap)
            self._on_turn()
        raise LinkError(self._failure or "the broker closed the connection")

    def _do_commands(self, tap: Tap) -> None:
        while self._commands:
            self._commands.popleft()(self._client)
        confirms = len(self._confirms)  # others may add to them
        self._pause.confirmed(confirms)
        for _ in range(confirms):
            tap.confirm(self._confirms.popleft())
        if not self._client.want_write():
            tap.flush()

    def _turn(self, tap: Tap) -> None:
        """Wait for the socket or for a call, take messages, and let paho read and write."""
        pause = self._pause.until - time.monotonic()
        pending = pause <= 0 and tap.pending()
        writing = [tap] if self._client.want_write() or tap.wants_write else []
        reading: list[Tap | Waker] = [self._waker] if pause > 0 else [tap, self._waker]
        wait_s = pause if pause > 0 else 0 if pending else WAIT_S
        readable, writable, _ = select.select(reading, writing, [], wait_s)
        if self._waker in readable:
            self._waker.clear()
            self._woken = False  # what is queued by now is done below; for what comes later it is set again
            self._do_commands(tap)
        if tap in readable or pending:
            more = tap.fill()
            self._pause.read(*self._take(tap), more, time.monotonic())
        if tap in writable:
            self._client.loop_write()
        self._client.loop_misc()

    def _take(self, tap: Tap) -> tuple[int, int]:
        """Pass messages on, and let paho read what is its own, in the order in which they came; how many messages there
        were, and how many of them the broker wants confirmed."""
        came = wanted = 0
        for message in tap.packets():
            if message is not None:
                self._on_message(message)
                came += 1
                wanted += message.qos
                continue
            self._client.loop_read()
            if self._client.tap is not tap:
                break
        return came, wanted

    def _said_goodbye(self, tap: Tap, until: float) -> bool:
        """Whether the broker has read all that we sent, or has taken too long for it.

        A broker may throw away what it has not read when a connection closes. It answers in order: so ask it for
        something harmless after everything else, and wait for the answer.
        """
        self._do_commands(tap)
        if self._last_mid is None and not tap.wants_write:
            _, self._last_mid = self._client.unsubscribe(NO_TOPIC)
        answered = self._last_mid is not None and self._answered_mid == self._last_mid
        return answered or time.monotonic() > until

    def _connected_to_broker(self, client: paho.Client, _data: Any, flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self._failure = refusal(str(code))
            return
        self._linked = True
        if flags.session_present and self._unwanted:
            client.unsubscribe(self._unwanted)
        client.subscribe(self._filters)

    def _subscribed(self, client: paho.Client, _data: Any, mid: int, codes: Any, _properties: Any) -> None:
        if mid == self._opening_mid:
            self._opened()
            return
        if any(code.is_failure for code in codes):
            self._failure = f"the broker refuses the subscription to {self._filters[0][0]}: let this user read it"
            client.disconnect()
            return
        # Retained messages may come behind this answer, but before the answer to another question.
        _, self._opening_mid = client.subscribe(NO_TOPIC)

    def _opened(self) -> None:
        self._opening_mid = None
        self._connected = True
        self._said = ""
        self._on_up()

    def _unsubscribed(self, _client: paho.Client, _data: Any, mid: int, _codes: Any, _properties: Any) -> None:
        self._answered_mid = mid

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        self._connected = self._linked = False
        self._failure = self._failure or f"the connection broke: {code}"

    def _say_down(self, reason: str) -> None:
        """Once for each outage: while it lasts, attempts fail in many words."""
        if not self._said:
            self._said = reason
            self._on_down(reason)


def tls_context(options: MqttOptions) -> ssl.SSLContext:
    """Certificates are verified; against `ca_file` where there is one, else against the system's authorities."""
    context = ssl.create_default_context(cafile=options.ca_file or None)
    if options.cert_file:
        context.load_cert_chain(options.cert_file, options.key_file or None)
    return context


def refusal(code: str) -> str:
    """What the broker said, and what to do."""
    if "uthori" in code or "user name" in code.lower():
        return f"the broker refuses us ({code}): check mqtt.username and mqtt.password_file"
    return f"the broker refuses us: {code}"
