"""Boards on UARTs that damage bits and bytes in both directions."""

from dataclasses import asdict
from typing import Any

from boardpulse_tools.bench.chaos.noise import Noise
from boardpulse_tools.bench.chaos.rig import Rig
from boardpulse_tools.bench.chaos.run import Run

BOARDS, SAMPLES = 4, 2400  # two minutes
SHORT_BOARDS, SHORT_SAMPLES = 2, 300
START_S = 30.0


def measure(run: Run) -> dict[str, Any]:
    """Lost, repeated and wrong samples in history. The noise goes on until the boards have ended."""
    boards, samples = (SHORT_BOARDS, SHORT_SAMPLES) if run.short else (BOARDS, SAMPLES)
    noises = [Noise(run.chance(f"noise {i}")) for i in range(boards)]
    with Rig(run, mqtt=False, uarts=noises) as rig:
        for i, cable in enumerate(rig.cables):
            rig.uart_board(f"noisy-{i}", cable)
        run.say(f"noise on {boards} lines, {samples} samples each")
        rig.wait_for_samples(samples, START_S + samples * 0.1)
        found = rig.outcome()
    count = found.pop("count")
    hits = {name: sum(getattr(noise, name) for noise in noises) for name in ("flipped", "dropped", "doubled")}
    return {"boards": boards, "hits": hits, **asdict(count), **found}
