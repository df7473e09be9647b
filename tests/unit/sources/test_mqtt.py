"""The MQTT source on a real mosquitto."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from boardpulse_tools.broker import Broker
from host_bridge.core.received import BAD, FRAME, LINK_DOWN, LINK_UP
from host_bridge.options import MqttOptions
from host_bridge.sources import mqtt
from host_bridge.sources.mqtt import MqttSource
from host_bridge.sources.mqtt_live import PATIENCE_S
from shared_schema.cbor import encode
from shared_schema.messages import topic
from tests.support.publisher import Publisher
from tests.support.waiting import until
from tests.unit.sources.conftest import Inbox

UP = topic("pico-1", "up")


def bye(seq: int) -> bytes:
    """A frame that differs from the others."""
    return bytes(encode([5, 77, seq, 1000, {1: 0}]))


@pytest.fixture
def connect(inbox: Inbox, broker: Broker) -> Iterator[Callable[..., MqttSource]]:
    """Starts a source that delivers to the inbox."""
    sources: list[MqttSource] = []

    def start(wait: bool = True, dropped: Callable[[], None] = lambda: None, **options: object) -> MqttSource:
        source = MqttSource(replace(MqttOptions("127.0.0.1", broker.port, client_id="bridge"), **options), dropped)
        source.start(inbox)
        sources.append(source)
        if wait:
            until(lambda: source.connected)
        return source

    yield start
    for source in sources:
        source.stop()


def confirm_all(source: MqttSource, inbox: Inbox) -> None:
    """Acknowledge as the engine does once frames are committed."""
    for received in inbox.of(FRAME):
        source.acknowledge(received.token)


def test_a_frame_comes_with_its_device_channel_and_broker(connect, publisher: Publisher, inbox: Inbox) -> None:
    """The topic says who sent it and where."""
    source = connect()
    publisher.publish(UP, bye(0))
    (received,) = until(lambda: inbox.of(FRAME))
    assert (received.device_id, received.channel, received.payload) == ("pico-1", "up", bye(0))
    assert received.port == f"mqtt://127.0.0.1:{source._options.port}"
    assert not received.retained


def test_a_retained_hello_is_marked_as_such(connect, publisher: Publisher, inbox: Inbox) -> None:
    """What the broker kept is no sign of life."""
    publisher.publish(topic("pico-1", "hello"), b"\x85kept", retain=True)
    connect()
    (received,) = until(lambda: inbox.of(FRAME))
    assert (received.channel, received.retained) == ("hello", True)


def test_what_was_not_acknowledged_comes_again_after_a_restart_of_the_bridge(
    connect, publisher: Publisher, inbox: Inbox
) -> None:
    """At least once: the broker forgets a frame only when the core has committed it."""
    first = connect()
    for seq in range(4):
        publisher.publish(UP, bye(seq))
    until(lambda: len(inbox.of(FRAME)) == 4)
    for received in inbox.of(FRAME)[:2]:
        first.acknowledge(received.token)
    first.stop()
    publisher.publish(UP, bye(4))
    inbox.all.clear()
    connect()
    until(lambda: len(inbox.of(FRAME)) == 3)
    time.sleep(0.2)
    assert inbox.payloads(FRAME) == [bye(2), bye(3), bye(4)]


def test_the_retained_hello_comes_before_the_frames_that_the_broker_kept(
    connect, publisher: Publisher, inbox: Inbox
) -> None:
    """A bridge that was away finds what explains the frames first, however many wait for it."""
    publisher.publish(topic("pico-1", "hello"), b"\x85kept", retain=True)
    connect().stop()
    for seq in range(15):
        publisher.publish(UP, bye(seq))
    inbox.all.clear()
    connect()
    until(lambda: len(inbox.of(FRAME)) == 16)
    assert inbox.payloads(FRAME) == [b"\x85kept", *(bye(seq) for seq in range(15))]
    assert inbox.of(FRAME)[0].retained


def test_a_full_queue_holds_the_broker_back_and_loses_nothing(connect, publisher: Publisher, inbox: Inbox) -> None:
    """While the engine takes nothing, messages wait in the broker; then they all come."""
    source = connect()
    inbox.full = True
    for seq in range(50):
        publisher.publish(UP, bye(seq))
    until(lambda: inbox.refused)
    inbox.full = False
    until(lambda: confirm_all(source, inbox) or len(inbox.of(FRAME)) == 50)
    assert inbox.payloads(FRAME) == [bye(seq) for seq in range(50)]


def test_a_queue_that_stays_full_ends_the_connection_and_loses_nothing(
    connect, publisher: Publisher, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker sends again what was not confirmed, on the next connection."""
    monkeypatch.setattr(mqtt, "OVERLOAD_S", 0.5)
    source = connect()
    inbox.full = True
    for seq in range(5):
        publisher.publish(UP, bye(seq))
    until(lambda: not source.connected)
    inbox.full = False
    (down,) = until(lambda: inbox.of(LINK_DOWN))
    assert "overloaded" in str(down.payload)
    until(lambda: confirm_all(source, inbox) or len(inbox.of(FRAME)) == 5)
    assert inbox.payloads(FRAME) == [bye(seq) for seq in range(5)]


def test_what_nobody_sends_again_is_dropped_and_counted_and_the_connection_stays(
    connect, publisher: Publisher, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With QoS 0, out of a queue that takes nothing: the first waits for it, those behind it do not, and as soon as it
    takes something they are delivered again."""
    monkeypatch.setattr(mqtt, "QOS0_WAIT_S", 0.3)
    dropped: list[None] = []
    connect(dropped=lambda: dropped.append(None))
    inbox.full = True
    began = time.monotonic()
    for seq in range(200):
        publisher.publish(UP, bye(seq), qos=0)
    until(lambda: len(dropped) == 200)
    assert 0.3 <= time.monotonic() - began < 5
    inbox.full = False
    publisher.publish(UP, bye(200), qos=0)
    until(lambda: inbox.of(FRAME))
    assert inbox.payloads(FRAME) == [bye(200)]
    assert len(dropped) == 200
    assert inbox.of(LINK_DOWN) == []


def test_a_queue_that_is_full_for_a_moment_costs_nothing(connect, publisher: Publisher, inbox: Inbox) -> None:
    """Not even what came with QoS 0."""
    dropped: list[None] = []
    connect(dropped=lambda: dropped.append(None))
    inbox.full = True
    for seq in range(50):
        publisher.publish(UP, bye(seq), qos=0)
    until(lambda: inbox.refused)
    inbox.full = False
    until(lambda: len(inbox.of(FRAME)) == 50)
    assert inbox.payloads(FRAME) == [bye(seq) for seq in range(50)]
    assert dropped == []


def test_while_a_commit_does_not_come_back_the_page_does_not_stand_still(
    connect, publisher: Publisher, inbox: Inbox
) -> None:
    """Nobody has said that nothing can be kept: the disk just does not answer. Of what came meanwhile, nothing is
    confirmed; afterwards all of it comes for the store, over the same connection."""
    source = connect()
    for seq in range(30):
        publisher.publish(UP, bye(seq))
    time.sleep(1)
    shown = []
    for seq in range(30, 40):
        publisher.publish(UP, bye(seq))
        began = time.monotonic()
        until(lambda wanted=seq: bye(wanted) in inbox.payloads(FRAME))
        shown.append(time.monotonic() - began)
    assert max(shown) < 1
    assert [one for one in inbox.of(FRAME) if one.token and one.payload == bye(39)] == []
    until(lambda: confirm_all(source, inbox) or bye(39) in [one.payload for one in inbox.of(FRAME) if one.token])
    assert [one.payload for one in inbox.of(FRAME) if one.token] == [bye(seq) for seq in range(40)]
    assert inbox.of(LINK_DOWN) == []


def test_what_could_not_be_kept_is_asked_for_at_once(connect, publisher: Publisher, inbox: Inbox) -> None:
    """That connection did not break: there is nothing to wait for, however often it happens."""
    source = connect()
    for times in range(2, 6):
        publisher.publish(UP, bye(times))
        until(lambda wanted=times: [one for one in inbox.of(FRAME) if one.token and one.payload == bye(wanted)])
        source.stall(True)
        down = len(inbox.of(LINK_DOWN))
        source.stall(False)
        began = time.monotonic()
        until(lambda before=down: len(inbox.of(LINK_DOWN)) > before and source.connected)
        assert time.monotonic() - began < 0.9


def test_frames_that_the_core_holds_do_not_cut_off_the_fleet(connect, publisher: Publisher, inbox: Inbox) -> None:
    """mosquitto stops at 20 unconfirmed messages; a silent board must not use them all up."""
    source = connect(unanswered_s=0.5)
    for seq in range(50):
        publisher.publish(UP, bye(seq))
    publisher.publish(topic("pico-1", "hello"), b"\x85hello", retain=True)
    until(lambda: [one for one in inbox.of(FRAME) if one.channel == "hello"], timeout_s=0.4)

    def all_held() -> bool:
        for received in inbox.of(FRAME):
            source.withhold(received.token)
        return len(inbox.of(FRAME)) == 51

    until(all_held)


def test_what_the_store_has_not_got_is_never_confirmed(connect, publisher: Publisher, inbox: Inbox) -> None:
    """However long it takes; and it comes again once the store works."""
    source = connect(unanswered_s=0.2)
    publisher.publish(UP, bye(0))
    until(lambda: inbox.of(FRAME))
    time.sleep(1)
    source.stall(True)
    source.stall(False)
    until(lambda: len(inbox.of(FRAME)) == 2)
    assert inbox.payloads(FRAME) == [bye(0)] * 2


def test_while_nothing_can_be_kept_the_page_does_not_stand_still(connect, publisher: Publisher, inbox: Inbox) -> None:
    """A broker stops at 20 unconfirmed messages; a guest session shows what comes behind them."""
    source = connect()
    source.stall(True)
    time.sleep(PATIENCE_S + 1)
    for seq in range(50):
        publisher.publish(UP, bye(seq))
    until(lambda: bye(49) in inbox.payloads(FRAME))
    assert {one.token for one in inbox.of(FRAME) if one.payload == bye(49)} == {None}
    source.stall(False)
    until(
        lambda: (
            confirm_all(source, inbox)
            or {bye(seq) for seq in range(50)} <= {one.payload for one in inbox.of(FRAME) if one.token}
        )
    )


def test_a_stream_of_frames_that_the_core_holds_does_not_slow_down_the_fleet(
    connect, publisher: Publisher, inbox: Inbox
) -> None:
    """Somebody who goes on inventing boards takes a few of the broker's places; the newest stay unconfirmed."""
    source = connect()
    for seq in range(200):
        publisher.publish(topic(f"invented-{seq}", "up"), bye(0))
    held = 0

    def hold_all() -> bool:
        nonlocal held
        arrived = inbox.of(FRAME)
        for received in arrived[held:]:
            source.withhold(received.token)
        held = len(arrived)
        return held == 200

    until(hold_all, timeout_s=5)
    assert list(source._unanswered) == [received.token for received in inbox.of(FRAME)[-mqtt.MAX_WITHHELD :]]


def test_a_broker_that_is_killed_is_said_once_and_found_again(connect, broker: Broker, inbox: Inbox) -> None:
    """One line at the loss, one at the recovery, however many attempts lie between."""
    source = connect()
    broker.process.kill()
    until(lambda: not source.connected)
    time.sleep(2.5)
    broker.start()
    until(lambda: source.connected)
    publisher = Publisher(broker.port)
    publisher.publish(UP, bye(0))
    until(lambda: inbox.of(FRAME))
    publisher.close()
    assert len(inbox.of(LINK_DOWN)) == 1
    assert len(inbox.of(LINK_UP)) == 2


def test_a_broker_that_is_down_at_the_start_is_found_later(connect, broker: Broker, inbox: Inbox) -> None:
    """Nothing needs a restart by a person."""
    broker.process.kill()
    source = connect(wait=False)
    (down,) = until(lambda: inbox.of(LINK_DOWN))
    assert "refused" in str(down.payload).lower()
    assert source.send("", "pico-1", b"\x82") is False
    broker.start()
    until(lambda: source.connected)


def test_a_command_reaches_the_down_topic(connect, publisher: Publisher) -> None:
    """What the core wants a board to know is published with QoS 1."""
    publisher.subscribe("boardpulse/v1/+/+/down")
    source = connect()
    assert source.send("", "pico-1", b"\x82\x09\xf6")
    assert until(lambda: publisher.heard) == [(topic("pico-1", "down"), b"\x82\x09\xf6")]


def test_commands_to_impossible_ids_are_refused(connect, broker: Broker) -> None:
    """No id can leave the topic that is meant for it."""
    source = connect()
    assert not any(source.send("", device_id, b"\x82") for device_id in ("", "a/b", "+", "#", "a" * 65, "a\x00"))


@pytest.mark.parametrize(
    "name",
    [
        "boardpulse/v1/00/pico-1/up",
        "boardpulse/v1/zz/pico-1/up",
        "boardpulse/v1/00//up",
        'boardpulse/v1/00/a"b/up',
        "boardpulse/v1/00/" + "x" * 10_000 + "/up",
        "boardpulse/v1/00/émile/up",
    ],
)
def test_a_hostile_topic_is_counted_and_confirmed(connect, publisher: Publisher, inbox: Inbox, name: str) -> None:
    """It is refused as `identity`, leaves nothing unconfirmed, and the next good frame arrives."""
    source = connect()
    publisher.publish(name, bye(0))
    publisher.publish(UP, bye(1))
    until(lambda: inbox.of(FRAME))
    assert inbox.payloads(BAD) == ["identity"]
    assert inbox.payloads(FRAME) == [bye(1)]
    confirm_all(source, inbox)
    assert not source._unanswered


def test_too_long_and_empty_payloads_are_confirmed(connect, publisher: Publisher, inbox: Inbox) -> None:
    """A payload over the limit is refused without a copy; an empty one is the removal of a retained message."""
    source = connect()
    publisher.publish(UP, b"\x85" * 9000)
    publisher.publish(topic("pico-1", "hello"), b"", retain=True)
    publisher.publish(UP, bye(1))
    until(lambda: inbox.of(FRAME))
    assert inbox.payloads(BAD) == ["too_long"]
    assert len(inbox.of(FRAME)) == 1
    confirm_all(source, inbox)
    assert not source._unanswered


def test_a_bridge_of_some_shards_hears_no_others(connect, publisher: Publisher, inbox: Inbox) -> None:
    """Also after it was configured for all of them, which the broker remembers."""
    source = connect()
    source.stop()
    mine, other = "pico-1", next(f"b{i}" for i in range(99) if topic(f"b{i}", "up")[:16] != UP[:16])
    connect(shards=(UP.split("/")[2],))
    publisher.publish(topic(other, "up"), bye(0))
    publisher.publish(topic(mine, "up"), bye(1))
    until(lambda: inbox.of(FRAME))
    time.sleep(0.2)
    assert {received.device_id for received in inbox.of(FRAME)} == {mine}


def test_stop_confirms_what_was_acknowledged_last(connect, publisher: Publisher, inbox: Inbox) -> None:
    """Acknowledgements of the last moment leave before the goodbye, within a second."""
    source = connect()
    for seq in range(20):
        publisher.publish(UP, bye(seq))
    until(lambda: len(inbox.of(FRAME)) == 20)
    source.pause()
    confirm_all(source, inbox)
    began = time.monotonic()
    source.stop()
    assert time.monotonic() - began < 1
    inbox.all.clear()
    connect()
    time.sleep(0.3)
    assert inbox.of(FRAME) == []
