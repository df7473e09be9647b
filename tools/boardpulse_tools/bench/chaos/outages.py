"""A broker that restarts, hangs or is killed, and links that are cut, all within the boards' outboxes."""

import signal
from dataclasses import asdict
from typing import Any

from boardpulse_tools.bench.chaos.noise import Cut
from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run
from boardpulse_tools.bench.chaos.tally import Count

KEEPALIVE_S = 5  # the shortest that a board takes
WARM_UP, BACK_S = 20, 60.0


def measure(run: Run) -> dict[str, Any]:
    """Samples that history lacks, or has twice, after outages of a broker that keeps what it has acknowledged, and of
    one that does not, with boards that wait for the bridge's own acknowledgement."""
    kept = _with_a_broker_that_keeps(run.inside("keeps"))
    killed = _with_a_broker_that_forgets(run.inside("forgets"))
    total: Count = kept.pop("count") + killed.pop("count")
    mismatch = kept["mismatch"] + killed["mismatch"]
    return {**asdict(total), "mismatch": mismatch, "restarted": kept, "killed": killed}


def _with_a_broker_that_keeps(run: Run) -> dict[str, Any]:
    restarts, hang_s, cut_s = (2, 9.0, 8.0) if run.short else (10, 20.0, 60.0)
    cut = Cut()
    with Rig(run, uarts=[cut], keepalive_s=KEEPALIVE_S) as rig:
        proxy = rig.proxy()
        link = {"keepalive_s": KEEPALIVE_S}
        rig.uart_board("cut-uart", rig.cables[0])
        rig.mqtt_board("cut-mqtt", proxy.port, link=link)
        rig.mqtt_board("broker-mqtt", link=link)
        rig.wait_for_samples(WARM_UP, BACK_S)
        run.say(f"two links cut for {cut_s:g} s")
        for line in (cut, proxy):
            line.cut()
        run.pause(cut_s)
        for line in (cut, proxy):
            line.mend()
        _restart(run, rig, restarts, kill=False)
        run.say(f"broker stopped for {hang_s:g} s")
        _hang(run, rig, hang_s)
        rig.wait_until_quiet(BACK_S)
        return {"restarts": restarts, "hang_s": hang_s, "cut_s": cut_s, **rig.outcome()}


def _with_a_broker_that_forgets(run: Run) -> dict[str, Any]:
    kills = 2 if run.short else 10
    with Rig(run, keepalive_s=KEEPALIVE_S) as rig:
        for i in range(2):
            rig.mqtt_board(f"acked-{i}", link={"keepalive_s": KEEPALIVE_S, "ack": "bridge"})
        rig.wait_for_samples(WARM_UP, BACK_S)
        _restart(run, rig, kills, kill=True)
        rig.wait_until_quiet(BACK_S)
        return {"kills": kills, **rig.outcome()}


def _restart(run: Run, rig: Rig, times: int, kill: bool) -> None:
    """End the broker and start it again, at random moments, whether everybody is back or not."""
    chance = run.chance("restarts")
    broker = rig.broker
    for number in range(1, times + 1):
        run.pause(chance.uniform(1.0, 8.0))
        if kill:
            broker.process.kill()
        else:
            broker.process.stop()
        run.pause(chance.uniform(0.1, 2.0))
        broker.start()
        run.say(f"broker {'killed' if kill else 'restarted'} {number} of {times}")


def _hang(run: Run, rig: Rig, seconds: float) -> None:
    """Have the broker answer nobody for so long, with all connections open."""
    broker = rig.broker
    broker.process.signal(signal.SIGSTOP)
    try:
        run.pause(seconds)
    finally:
        broker.process.signal(signal.SIGCONT)
