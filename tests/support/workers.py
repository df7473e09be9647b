"""Who runs which tests when pytest has several workers: `pytest -n 2`."""

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Folders whose tests compute: nothing in them waits for a clock or for a process that a busy machine would hold up.
UNIT = ("architecture", "boards", "catalog", "config", "core", "docs", "history", "image", "wire")
FAST = ("tests/property/", "tests/contract/", *(f"tests/unit/{folder}/" for folder in UNIT))
# No file has this name: all other tests are one piece of work.
ONE_BY_ONE = "one by one"


class FastThenOneByOne(LoadScopeScheduling):
    """Files of fast tests are divided among the workers; then one worker runs the rest, one after another.

    The rest waits for real processes, or measures time: it is to have the machine for itself, as it has without
    workers. A file is never divided, so that what it has made once serves all of its tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.split("::", 1)[0] if nodeid.startswith(FAST) else ONE_BY_ONE

    def _reschedule(self, node: WorkerController) -> None:
        """A worker that is about to run out of fast tests ends with them, unless it is the last."""
        left = [one for one in self.nodes if not one.shutting_down]
        only_the_rest = list(self.workqueue) == [ONE_BY_ONE]
        if only_the_rest and len(left) > 1 and node in left:
            if self._pending_of(self.assigned_work[node]) <= 2:  # as xdist has it: a worker never lets go of its last
                node.shutdown()
            return
        super()._reschedule(node)
