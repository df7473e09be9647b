"""What is kept, and how a killed bridge goes on: nothing twice, nothing lost, nobody announced too early."""

import json
from dataclasses import replace

import pytest

from host_bridge.core.actions import Acknowledge, LogLine, Withhold
from shared_schema import messages as m
from tests.support.boards import ENERGY, HEAP, TEMPERATURE, Board, custom, only, refused, sent
from tests.support.kept import KeepingBridge, Memory


@pytest.fixture
def memory() -> Memory:
    """An empty store."""
    return Memory()


def values(memory: Memory, name: str) -> list[object]:
    """All kept values of a metric, in the order in which they came."""
    out: list[object] = []
    for record in memory.samples:
        n, at = len(record.times), 0
        for series in record.group.series:
            if series.name == name:
                out += record.values[at : at + n]
            at += n * series.width
    return out


def test_every_sample_is_kept_with_its_time(memory: Memory) -> None:
    """A frame of three samples: their own times, not that of the arrival."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello(uptime=0))
    b.now += 10
    b.uart(board.samples([2150, 10, -20], 40000, uptime=8000, n=3))
    b.commit()
    (record,) = memory.samples
    assert [round(b.now * 1000) - time for time in record.times] == [2000, 1000, 0]
    assert values(memory, "device_temperature_celsius") == [2150, 2160, 2140]
    assert values(memory, "device_memory_free_bytes") == [40000] * 3
    assert (record.boot, record.seq, record.group.device_id) == (board.boot, 0, "board-1")


def test_a_repeat_is_kept_once(memory: Memory) -> None:
    """Also when the bridge was killed between the two."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    frame = board.samples(2150, 40000)
    b.uart(frame)
    b.uart(frame)
    b.commit()
    again = b.killed()
    again.uart(frame)
    again.commit()
    assert len(memory.samples) == 1
    assert again.ledger().repeated == 2
    assert again.ledger().balanced


def test_what_thinning_took_is_counted_of_the_frames_that_are_used(memory: Memory) -> None:
    """Not of a repeat, whichever of the two was thinned; nor again after a kill."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples([2150, 10], 40000, n=[1000], group=32 * 2))
    b.uart(board.samples(2150, 40000, group=32 * 3, seq=0))
    b.uart(board.samples([2150, 10, 10, 10], 40000, n=4))
    b.uart(board.samples([2150, 20], 40000, n=[1000], group=32 * 2, seq=1))
    b.commit()
    assert (b.ledger().received, b.ledger().repeated, b.ledger().thinned) == (2, 2, 2)
    again = b.killed()
    again.uart(board.samples(2150, 40000, group=32 * 7))
    again.commit()
    assert (again.ledger().thinned, again.ledger().balanced) == (9, True)


def test_what_thinning_took_stays_counted_when_the_boot_is_over(memory: Memory) -> None:
    """In the sum over all boots."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(2150, 40000, group=32 * 5))
    b.after(2)
    b.uart(Board(boot=board.boot + 1).hello())
    b.after(1200)
    b.commit()
    assert b.ledger().thinned == 5
    assert b.killed().ledger().thinned == 5


def test_what_was_not_committed_is_taken_again(memory: Memory) -> None:
    """Killed before the commit: the board sends it again, since it was not acknowledged."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.commit()
    frame = board.samples(2150, 40000)
    b.uart(frame)
    again = b.killed()
    again.uart(frame)
    again.commit()
    assert len(memory.samples) == 1
    assert (again.ledger().received, again.ledger().repeated) == (1, 0)


def test_a_restarted_bridge_decodes_the_first_frame(memory: Memory) -> None:
    """Nothing is asked and nothing held: declarations are kept."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.commit()
    again = b.killed()
    assert sent(again.uart(board.samples(2150, 40000))) == []
    assert again.value("device_temperature_celsius") == "21.50"
    assert sent(again.after(0.1)) == [[m.ACK, board.boot, 1]]


def test_samples_of_a_declaration_before_the_present_one_are_decoded_after_a_restart(memory: Memory) -> None:
    """They were in the board's outbox while it declared itself anew."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    late = board.samples(2150, 40000)
    board.declaration, board.series = 1, (HEAP,)
    b.uart(board.hello(uptime=5000))
    b.commit()
    again = b.killed()
    again.uart(late)
    again.uart(board.samples(30000, uptime=6000))
    again.commit()
    assert values(memory, "device_temperature_celsius") == [2150]
    assert values(memory, "device_memory_free_bytes") == [40000, 30000]
    assert not refused(again.after(0.1))


def test_late_frames_of_an_earlier_boot_are_kept(memory: Memory) -> None:
    """They do not come on the page, but they are history. Also after a restart of the bridge."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    late = [board.samples(2100 + i, 40000, uptime=1000 * i) for i in range(3)]
    b.uart(late[0])
    after = Board(boot=78)
    b.uart(after.hello())
    b.uart(late[1])
    b.commit()
    again = b.killed()
    again.uart(late[2])
    again.uart(after.samples(2500, 40000))
    again.commit()
    assert values(memory, "device_temperature_celsius") == [2100, 2101, 2102, 2500]
    assert again.value("device_temperature_celsius") == "25.00"
    assert again.ledger().balanced


def test_what_an_ended_boot_left_is_kept_and_does_not_replace_the_present_one(memory: Memory) -> None:
    """A board tells of a boot that this bridge never met."""
    board, b = Board(boot=78), KeepingBridge(memory)
    former = Board(boot=77, seq=5, first=5)
    b.uart(board.hello())
    b.uart(board.samples(2500, 40000))
    b.uart(former.hello(uptime=5000, k14=True))
    b.uart(former.samples(2100, 40000, uptime=5000))
    assert sent(b.after(0.1)) == [[m.ACK, 78, 1], [m.ACK, 77, 6]]
    b.commit()
    assert b.device().boot == 78
    assert b.value("device_temperature_celsius") == "25.00"
    assert values(memory, "device_temperature_celsius") == [2500, 2100]
    assert b.ledger().balanced


def test_a_hello_of_an_ended_boot_is_answered(memory: Memory) -> None:
    """Each time, also when it brings nothing new: the board repeats its last word until it knows that it was heard."""
    board, b = Board(boot=78), KeepingBridge(memory)
    former = Board(boot=77, seq=5, first=5)
    b.uart(board.hello())
    b.after(0.1)
    for _ in range(2):
        b.uart(former.hello(uptime=5000, k14=True))
        assert sent(b.after(0.1)) == [[m.ACK, 77, 5]]


def test_counters_are_kept_as_totals_over_the_boots(memory: Memory) -> None:
    """As the page shows them, and a restart of the bridge does not begin anew."""
    board, b = Board(series=(ENERGY,)), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(100))
    late = board.samples(130, uptime=2000)
    following = Board(boot=78, series=(ENERGY,))
    b.uart(following.hello())
    b.uart(following.samples(7))
    b.uart(late)
    b.commit()
    again = b.killed()
    again.uart(following.samples(9, uptime=2000))
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 107, 130, 109]


def test_histograms_are_kept_as_columns(memory: Memory) -> None:
    """Buckets, +Inf, sum; one that cannot be right is missing as a whole."""
    latency = custom("latency", 2, unit="seconds", scale=-3, bounds=[10, 20])
    board, b = Board(series=(latency,)), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples([1, 1], [0, -1], 2, [15, 10], n=2))
    b.commit()
    assert memory.samples[0].values == [1, None, 0, None, 2, None, 15, None]


def test_a_value_that_cannot_be_right_is_missing(memory: Memory) -> None:
    """As on the page; a special of a gauge is kept."""
    board, b = Board(series=(TEMPERATURE, ENERGY)), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(10**9, -1))
    b.uart(board.samples(float("inf"), None, uptime=2000))
    b.commit()
    assert [record.values for record in memory.samples] == [[None, None], [float("inf"), None]]


def test_events_are_kept(memory: Memory) -> None:
    """With everything that they say."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.event("it broke", uptime=0, k1=2, k2=4, k4="main", k5={"n": 3}, k6="Traceback …"))
    b.commit()
    (event,) = memory.events
    assert (event.type, event.severity, event.message, event.source) == ("crash", "critical", "it broke", "main")
    assert (event.fields, event.traceback, event.repeats) == ({"n": 3}, "Traceback …", 1)
    assert event.at == round(b.now * 1000)


def test_a_restarted_bridge_announces_nobody(memory: Memory) -> None:
    """A device is unknown until it is heard, and offline when it is not."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.commit()
    again = b.killed()
    assert again.device().state == "unknown"
    assert again.value("device_connection_status") is None
    again.after(21)
    assert again.device().state == "offline"
    assert again.value("device_connection_status") == "0"


def test_a_device_that_was_not_seen_for_long_is_forgotten(memory: Memory) -> None:
    """Its place is for others."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.commit()
    again = KeepingBridge(Memory())
    again.fleet.restore(memory.load(), b.now, b.now, seen_after=b.now + 1)
    assert again.fleet.devices() == []


def test_what_was_kept_may_come_when_devices_were_shown_already(memory: Memory) -> None:
    """The store could not be opened at first. What was counted before goes on, nothing is kept twice."""
    board, b = Board(series=(ENERGY,)), KeepingBridge(memory)
    b.uart(board.hello())
    first = board.samples(100)
    b.uart(first)
    b.commit()
    again = KeepingBridge(Memory())
    again.memory = memory
    again.fleet.live_only = True
    again.uart(board.hello(uptime=3000))
    again.uart(board.samples(110, uptime=2000))
    again.fleet.restore(memory.load(), again.now, again.now)
    again.fleet.live_only = False
    again.uart(first)
    again.uart(board.samples(110, uptime=2000, seq=1))
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 110]
    assert (again.ledger().received, again.ledger().repeated) == (2, 1)
    assert again.ledger().balanced


def test_a_state_that_cannot_be_read_keeps_no_bridge_from_starting(memory: Memory) -> None:
    """It is said, and the others are restored."""
    for device_id in ("board-1", "board-2"):
        b = KeepingBridge(memory)
        b.mqtt(device_id, Board(device_id=device_id).hello(), "hello")
        b.commit()
    broken, whole = memory.load()
    again = KeepingBridge(Memory())
    (line,) = again.fleet.restore([replace(broken, state=b'{"last_seen": 2e9}'), whole], again.now, again.now)
    assert isinstance(line, LogLine)
    assert (line.event, line.fields["device_id"]) == ("device_not_restored", "board-1")
    assert [one.device_id for one in again.fleet.devices()] == ["board-2"]


def test_late_frames_that_nobody_ever_explained_are_refused_and_counted(memory: Memory) -> None:
    """Of a boot that is over: asking again would not help. They do not vanish silently."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    board.declaration = 1
    unexplained = board.samples(1, 2)
    b.uart(Board(boot=78).hello())
    assert refused(b.uart(unexplained)) == ["schema"]
    assert [m.ACK, 77, 1] in sent(b.after(0.1))
    assert b.ledger().balanced


def test_a_sleeper_stays_asleep_over_a_restart(memory: Memory) -> None:
    """Until it oversleeps; its late frames do not wake it."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    late = board.samples(2150, 40000)
    b.uart(board.bye(2, 60_000, uptime=2000))
    b.commit()
    again = b.killed(away_s=50)
    assert again.device().state == "asleep"
    again.uart(late)
    assert again.device().state == "asleep"
    again.after(53)
    assert again.device().state == "offline"


def test_a_gap_is_still_a_gap_after_a_restart(memory: Memory) -> None:
    """The ack stops before it, and what fills it counts as recovered."""
    board, b = Board(), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(1, 1))
    missing = board.samples(2, 2, uptime=2000)
    b.uart(board.samples(3, 3, uptime=3000))
    b.commit()
    again = b.killed()
    again.uart(missing)
    assert sent(again.after(0.1)) == [[m.ACK, board.boot, 3]]
    assert (again.ledger().received, again.ledger().recovered) == (2, 1)


def test_while_nothing_can_be_kept_frames_are_shown_and_not_acknowledged(memory: Memory) -> None:
    """And counted when they come again."""
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    b.commit()
    b.fleet.live_only = True
    frame = board.samples(2150, 40000)
    told = board.event("once")
    assert [action for action in b.mqtt(board, frame) if isinstance(action, Acknowledge)] == []
    assert [action for action in b.mqtt(board, told) if isinstance(action, (Acknowledge, LogLine))] == []
    assert b.value("device_temperature_celsius") == "21.50"
    assert b.device().state == "online"
    b.fleet.live_only = False
    assert only(b.mqtt(board, frame), Acknowledge)
    assert [line.fields["message"] for line in only(b.mqtt(board, told), LogLine)] == ["once"]
    b.commit()
    assert (len(memory.samples), len(memory.events)) == (1, 1)
    assert (b.ledger().received, b.ledger().repeated) == (2, 0)


def test_with_nothing_to_keep_nothing_is_collected() -> None:
    """A bridge without a store."""
    board, b = Board(), KeepingBridge(Memory())
    b.fleet._context.keeping.on = False
    b.uart(board.hello())
    b.uart(board.samples(2150, 40000))
    assert b.fleet.to_keep(b.now, b.now) == []


def test_what_was_only_to_be_shown_is_never_counted(memory: Memory) -> None:
    """A second session shows what comes while nothing can be kept. Its last frames, still on their way when the store
    works again, do not put what the broker has kept since beyond the window."""
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    b.commit()
    b.fleet.live_only = True
    frames = [board.samples(2000, 40000, uptime=1000 * i) for i in range(m.SEQ_WINDOW + 100)]
    b.show(board, frames[-2])
    assert b.value("device_temperature_celsius") == "20.00"
    b.show(board, board.hello(uptime=999, k7=[board.seq, 0, 60, 0, 0, 0, 0]))
    b.fleet.live_only = False
    b.after(6.0)
    b.show(board, frames[-1])
    for frame in frames:
        b.mqtt(board, frame)
    b.commit()
    assert [record.seq for record in memory.samples] == list(range(len(frames)))
    assert (b.ledger().too_old, b.ledger().repeated, b.ledger().balanced) == (0, 0, True)


def test_while_nothing_can_be_kept_frames_of_nobody_known_are_not_confirmed_either(memory: Memory) -> None:
    """Frames that wait for a declaration are confirmed after a while, so that they do not hold up others. Not when the
    broker has to keep all others, too."""
    board, b = Board(), KeepingBridge(memory)
    b.fleet.live_only = True
    actions = b.mqtt(board, board.samples(2150, 40000))
    assert only(actions, Withhold) == []
    assert sent(actions) == [[m.HELLO_REQUEST, board.boot]]


def test_while_nothing_can_be_kept_no_acknowledgement_piles_up(memory: Memory) -> None:
    """Neither of hellos, which come again with the frames, nor of what a board repeats until it is answered."""
    board, b = Board(boot=78), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    former = Board(boot=77, seq=5, first=5, extra={12: 1})
    b.fleet.live_only = True
    for _ in range(3):
        assert only(b.mqtt(board, board.hello(uptime=1000)), Acknowledge) == []
        assert only(b.mqtt(board, former.hello(uptime=5000, k14=True)), Acknowledge) == []
        assert sent(b.after(0.1)) == []
    b.fleet.live_only = False
    assert sent(b.after(0.1)) == [[m.ACK, 77, 5]]


def test_a_boots_counters_are_based_on_those_before_it_though_its_end_was_the_last_thing_known(memory: Memory) -> None:
    """The bridge was killed when it knew of the next boot; late frames come afterwards."""
    boots = [Board(boot=boot, series=(ENERGY,)) for boot in (77, 78, 79)]
    b = KeepingBridge(memory)
    b.uart(boots[0].hello())
    b.uart(boots[0].samples(100))
    b.uart(boots[1].hello())
    b.uart(boots[1].samples(7))
    b.commit()
    b.uart(boots[2].hello())
    b.commit()
    again = b.killed()
    again.uart(boots[1].samples(9, uptime=2000))
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 107, 109]


def test_a_board_that_was_reset_before_what_was_kept_came_goes_on_in_its_totals(memory: Memory) -> None:
    """The store could not be opened at first, and the board is in a boot that the store does not know."""
    board, b = Board(series=(ENERGY,)), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(100))
    b.commit()
    again = KeepingBridge(Memory())
    again.memory = memory
    again.fleet.live_only = True
    following = Board(boot=78, series=(ENERGY,))
    again.uart(following.hello())
    frame = following.samples(7)
    again.uart(frame)
    again.fleet.restore(memory.load(), again.now, again.now)
    again.fleet.live_only = False
    again.uart(frame)
    again.uart(following.samples(8, uptime=2000))
    again.uart(board.samples(103, uptime=2000))
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 107, 108, 103]
    assert again.value("device_energy_joules_total") == "0.108"
    assert (again.ledger().received, again.ledger().balanced) == (4, True)


@pytest.mark.parametrize("state", [b"\xff", b"[]", b"{}", b'{"last_seen": 1e99', b'{"last_seen": 2e9, "closed": 7}'])
def test_a_state_of_any_damage_is_said_and_no_more(memory: Memory, state: bytes) -> None:
    """What the store cannot know to be damaged."""
    b = KeepingBridge(memory)
    b.uart(Board().hello())
    b.commit()
    again = KeepingBridge(Memory())
    (line,) = again.fleet.restore([replace(memory.load()[0], state=state)], again.now, again.now)
    assert isinstance(line, LogLine)
    assert line.event == "device_not_restored"


def test_a_device_that_is_only_known_from_a_brokers_memory_has_nothing_in_flight() -> None:
    """Its ledger adds up: nothing is expected."""
    b, board = KeepingBridge(Memory()), Board(seq=5, first=5)
    b.mqtt(board, board.hello(), "hello", retained=True)
    assert (b.device().in_flight, b.ledger().expected) == (0, 0)


def test_a_boot_that_ended_while_nothing_could_be_kept_is_waited_for_afterwards(memory: Memory) -> None:
    """Its frames are with the broker, which sends them again once they can be kept, however long that takes."""
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    b.commit()
    frame = board.samples(2150, 40000)
    b.fleet.live_only = True
    b.mqtt(board, frame)
    b.mqtt(board, Board(boot=78).hello(), "hello")
    for _ in range(20):
        b.after(60)
    b.fleet.live_only = False
    b.after(2)
    b.mqtt(board, frame)
    b.commit()
    assert [record.boot for record in memory.samples] == [77]


def test_what_was_declared_before_what_was_kept_came_explains_frames_still(memory: Memory) -> None:
    """The store could not be opened at first, and the board has declared itself anew; frames of before are behind."""
    board, b = Board(series=(ENERGY,)), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(100))
    b.commit()
    late = board.samples(110, uptime=2000)
    board.declaration, board.series = 1, (ENERGY, HEAP)
    again = KeepingBridge(Memory())
    again.memory = memory
    again.fleet.live_only = True
    again.mqtt(board, board.hello(uptime=3000), "hello")
    frame = board.samples(120, 40000, uptime=4000)
    again.mqtt(board, frame)
    again.fleet.restore(memory.load(), again.now, again.now)
    again.fleet.live_only = False
    again.mqtt(board, late)
    again.mqtt(board, frame)
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 110, 120]
    assert (again.value("device_energy_joules_total"), again.ledger().balanced) == ("0.120", True)
    last = again.killed()
    last.mqtt(board, board.samples(130, 50000, uptime=5000))
    assert last.value("device_memory_free_bytes") == "50000"


def test_a_sleepers_frames_of_before_an_outage_are_kept_after_any_number_of_its_boots(memory: Memory) -> None:
    """It wakes, tells who it is and sleeps, each time in another boot, while its frames wait in the broker: the boot
    whose hello was confirmed already is not the one that is forgotten for them."""
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    b.mqtt(board, board.samples(2100, 40000))
    b.commit()
    frame = board.samples(2150, 40000)
    b.fleet.live_only = True
    for boot in range(78, 98):
        b.mqtt(board, Board(boot=boot).hello(), "hello")
        b.after(60)
    b.fleet.live_only = False
    b.mqtt(board, frame)
    b.commit()
    assert [(record.boot, record.seq) for record in memory.samples] == [(77, 0), (77, 1)]
    assert len(b.fleet._devices["board-1"].boots) == 4


def test_a_boot_whose_hello_is_confirmed_is_waited_for_though_none_of_its_frames_came(memory: Memory) -> None:
    """Nothing explains them again, unlike those of boots that were met since."""
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(), "hello")
    b.commit()
    b.fleet.live_only = True
    for boot in range(78, 98):
        b.mqtt(board, Board(boot=boot).hello(), "hello")
    b.fleet.live_only = False
    b.mqtt(board, board.samples(2150, 40000))
    b.commit()
    assert [(record.boot, record.seq) for record in memory.samples] == [(77, 0)]


def test_a_boot_that_the_store_knows_is_waited_for_though_it_was_met_again_before(memory: Memory) -> None:
    """The store opens late and has as many boots as are kept, the last of which the board has told of meanwhile."""
    b = KeepingBridge(memory)
    boots = [Board(boot=boot) for boot in range(77, 82)]
    for board in boots[:4]:
        b.mqtt(board, board.hello(), "hello")
        b.mqtt(board, board.samples(2000, 1))
    b.commit()
    again = KeepingBridge(Memory())
    again.memory = memory
    again.fleet.live_only = True
    again.mqtt(boots[3], boots[3].hello(uptime=5000), "hello")
    again.mqtt(boots[4], boots[4].hello(), "hello")
    assert list(again.fleet._devices["board-1"].boots) == [80, 81]
    again.fleet.restore(memory.load(), again.now, again.now)
    again.fleet.live_only = False
    again.mqtt(boots[3], boots[3].samples(2000, 1))
    again.commit()
    assert [(record.boot, record.seq) for record in memory.samples][4:] == [(80, 1)]


def test_which_boots_are_the_oldest_is_known_after_a_restart(memory: Memory) -> None:
    """The store need not keep them in an order."""
    b = KeepingBridge(memory)
    for board in (Board(boot=79), Board(boot=80)):
        b.mqtt(board, board.hello(), "hello")
        b.mqtt(board, board.samples(2000, 1))
    for boot in (77, 78):
        b.mqtt("board-1", Board(boot=boot).hello(uptime=5000, k14=True))
    b.commit()
    order = list(b.fleet._devices["board-1"].boots)
    memory._boots = dict(reversed(memory._boots.items()))
    again = b.killed()
    assert list(again.fleet._devices["board-1"].boots) == order == [79, 77, 78, 80]


def test_counters_do_not_fall_when_bridge_and_board_begin_anew_together(memory: Memory) -> None:
    """Totals are written now and then, and with every frame what the boot has counted: no frame of it need come again
    before the next boot. Counters, histograms, and two kills in a row."""
    series = (ENERGY, custom("latency", 2, bounds=[10, 20]), TEMPERATURE)
    board, b = Board(series=series), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(100, 1, 0, 0, 5, 2000))
    b.commit()
    for counted in (150, 200):
        b.after(1.0)
        b.uart(board.samples(counted, counted, 0, 0, 5, 2000, uptime=2000))
        b.commit()
    again = b.killed().killed()
    other = Board(boot=board.boot + 1, series=series)
    again.uart(other.hello())
    again.uart(other.samples(5, 2, 0, 0, 5, 2000))
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 150, 200, 205]
    assert values(memory, "device_latency") == [1, 150, 200, 202]
    assert again.value("device_energy_joules_total") == "0.205"


def test_what_an_older_version_has_kept_of_counters_is_taken_as_it_is(memory: Memory) -> None:
    """Its boots do not say what they have counted."""
    board, b = Board(series=(ENERGY,)), KeepingBridge(memory)
    b.uart(board.hello())
    b.uart(board.samples(100))
    b.commit()
    key = board.device_id, board.boot
    state = json.loads(memory._boots[key].state)
    assert state.pop("lasts") == [100]
    memory._boots[key] = memory._boots[key]._replace(state=json.dumps(state).encode())
    again = b.killed()
    other = Board(boot=board.boot + 1, series=(ENERGY,))
    again.uart(other.hello())
    again.uart(other.samples(5))
    again.commit()
    assert values(memory, "device_energy_joules_total") == [100, 105]


def test_what_is_shown_ahead_is_neither_counted_nor_kept_until_it_comes_to_be(memory: Memory) -> None:
    """While a disk does not answer, another session shows what the broker holds back: a value that is there to be seen,
    and afterwards a frame like any other, in its order."""
    board, b = Board(), KeepingBridge(memory)
    b.mqtt(board, board.hello(), channel="hello")
    frames = [board.samples(2100 + number, 40000, uptime=1000 * (number + 1)) for number in range(3)]
    b.mqtt(board, frames[0])
    assert not only(b.show(board, frames[2]), Acknowledge)
    assert b.value("device_temperature_celsius") == "21.02"
    assert (b.ledger().received, b.ledger().expected) == (1, 1)
    for frame in frames[1:]:
        b.mqtt(board, frame)
        assert b.value("device_temperature_celsius") == "21.02"
    b.commit()
    assert values(memory, "device_temperature_celsius") == [2100, 2101, 2102]
    assert (b.ledger().received, b.ledger().recovered, b.ledger().repeated) == (3, 0, 0)
    assert b.ledger().balanced
    assert not b.fleet.live_only
