"""The states of a device (SPEC.md section 12), as a table. An unknown pair is our own error; the caller counts it."""

from __future__ import annotations

UNKNOWN = "unknown"
ONLINE = "online"
LATE = "late"
STALE = "stale"
OFFLINE = "offline"
ASLEEP = "asleep"
STOPPED = "stopped"
STATES = (UNKNOWN, ONLINE, LATE, STALE, OFFLINE, ASLEEP, STOPPED)

HEARD = "heard"
SILENT_LATE = "silent for 2 cadences + 1 s"
SILENT_STALE = "silent for 3 cadences + 5 s"
SILENT_OFFLINE = "silent for 10 cadences + 10 s"
LINK_LOST = "link lost"
BYE_STOP = "bye: stop"
BYE_SLEEP = "bye: sleep"
OVERSLEPT = "wake-up overdue"
EVENTS = (HEARD, SILENT_LATE, SILENT_STALE, SILENT_OFFLINE, LINK_LOST, BYE_STOP, BYE_SLEEP, OVERSLEPT)

# (state, event) → state. Silence is expected of a board that said good-bye or was never heard; a last will after a
# good-bye says nothing new.
TABLE: dict[tuple[str, str], str] = {
    **{(state, HEARD): ONLINE for state in STATES},
    **{(state, BYE_STOP): STOPPED for state in STATES},
    **{(state, BYE_SLEEP): ASLEEP for state in STATES},
    (UNKNOWN, LINK_LOST): UNKNOWN,
    (UNKNOWN, SILENT_OFFLINE): OFFLINE,  # known from before a restart of the bridge, and not there
    (ONLINE, LINK_LOST): OFFLINE,
    (LATE, LINK_LOST): OFFLINE,
    (STALE, LINK_LOST): OFFLINE,
    (OFFLINE, LINK_LOST): OFFLINE,
    (ASLEEP, LINK_LOST): ASLEEP,
    (STOPPED, LINK_LOST): STOPPED,
    (ONLINE, SILENT_LATE): LATE,
    (LATE, SILENT_LATE): LATE,
    (ONLINE, SILENT_STALE): STALE,
    (LATE, SILENT_STALE): STALE,
    (STALE, SILENT_STALE): STALE,
    (ONLINE, SILENT_OFFLINE): OFFLINE,
    (LATE, SILENT_OFFLINE): OFFLINE,
    (STALE, SILENT_OFFLINE): OFFLINE,
    (OFFLINE, SILENT_OFFLINE): OFFLINE,
    (ASLEEP, OVERSLEPT): OFFLINE,
}

SILENT_BY_ITSELF = frozenset((OFFLINE, ASLEEP, STOPPED))  # what a device stays while the bridge is away
SHOWN = frozenset((ONLINE, LATE))  # whose values are on the page, and whose connection_status is 1
_NEVER = float("inf")


class UnknownPairError(Exception):
    """The table has no row for a state and an event."""


def after(state: str, event: str) -> str:
    """The state that follows."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise UnknownPairError(f"{event!r} in state {state!r}") from None


def late_after(cadence_s: float) -> float:
    """Seconds of silence until a device is late; also stale_after and offline_after."""
    return 2 * cadence_s + 1


def stale_after(cadence_s: float) -> float:
    return 3 * cadence_s + 5


def offline_after(cadence_s: float) -> float:
    return 10 * cadence_s + 10


def awake_after(wake_in_ms: int) -> float:
    """Seconds after a bye until a sleeper that was not heard is offline."""
    return wake_in_ms / 1000 * 1.2 + 30


def silence(state: str, silent_s: float, cadence_s: float) -> str | None:
    """The event that a silence of `silent_s` makes in `state`; None: it changes nothing."""
    if state not in (UNKNOWN, ONLINE, LATE, STALE):
        return None
    if silent_s >= offline_after(cadence_s):
        return SILENT_OFFLINE
    if state == UNKNOWN:
        return None
    if silent_s >= stale_after(cadence_s):
        return SILENT_STALE if state != STALE else None
    if silent_s >= late_after(cadence_s):
        return SILENT_LATE if state == ONLINE else None
    return None


def deadline(state: str, heard_at: float, cadence_s: float, wake_by: float) -> float:
    """When silence will next change `state`, in the same clock as `heard_at`; 0.0 there: it was never heard."""
    if state == ONLINE:
        return heard_at + late_after(cadence_s)
    if state == LATE:
        return heard_at + stale_after(cadence_s)
    if state == STALE or (state == UNKNOWN and heard_at):
        return heard_at + offline_after(cadence_s)
    return wake_by if state == ASLEEP else _NEVER
