"""`kill -9` of the bridge, again and again, while boards stream on both links."""

from dataclasses import asdict
from typing import Any

from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.processes import ProcessError

KILLS, BOARDS = 50, 4
SHORT_KILLS, SHORT_BOARDS = 5, 2
# A life of the bridge. The shortest ends before it has read its configuration, the longest after it has caught up.
SHORTEST_S, LONGEST_S = 0.05, 3.0
ACKS = ("broker", "bridge")  # whose acknowledgement boards on MQTT wait for
WARM_UP, START_S = 20, 30.0


def measure(run: Run) -> dict[str, Any]:
    """Lost and repeated samples in history, and ledgers that do not add up."""
    kills, boards = (SHORT_KILLS, SHORT_BOARDS) if run.short else (KILLS, BOARDS)
    with Rig(run, uarts=[None] * boards) as rig:
        for i, cable in enumerate(rig.cables):
            rig.uart_board(f"uart-{i}", cable)
            rig.mqtt_board(f"mqtt-{i}", link={"ack": ACKS[i % len(ACKS)]})
        rig.wait_for_samples(WARM_UP, START_S)
        lives = _kill(run, rig, kills)
        rig.wait_for_samples(WARM_UP, START_S)
        found = rig.outcome()
    count = found.pop("count")
    return {"kills": kills, "boards": 2 * boards, "lives_s": lives, **asdict(count), **found}


def _kill(run: Run, rig: Rig, kills: int) -> list[float]:
    """How long each bridge lived, in seconds."""
    chance = run.chance("kill")
    lives = [round(chance.uniform(SHORTEST_S, LONGEST_S), 3) for _ in range(kills)]
    bridge = rig.bridge.process
    for number, life in enumerate(lives, 1):
        run.pause(life)
        if not bridge.running:
            raise ProcessError(f"the bridge ended by itself with code {bridge.exit_code}\n{bridge.last_lines()}")
        bridge.kill()
        bridge.start()
        run.say(f"kill {number} of {kills}")
    return lives
