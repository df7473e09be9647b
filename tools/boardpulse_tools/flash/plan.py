"""What is to be done on a board, worked out before anything is written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from boardpulse_tools.flash.errors import BoardError
from boardpulse_tools.flash.inventory import Inventory
from boardpulse_tools.flash.layout import MAIN, MANIFEST, SLOTS, Layout, sha256
from boardpulse_tools.flash.probe import Facts

SPARE_BLOCKS = 2  # a file system that is full to the last block cannot even rename


@dataclass
class Plan:
    """`former` runs now, `target` will; they are the same when the board has this version. Paths are the board's."""

    target: str
    former: str | None
    remove: list[str] = field(default_factory=list)  # half a version, left by a copy that was interrupted
    copies: list[tuple[str, str]] = field(default_factory=list)  # on the board, from the version that runs
    sends: dict[str, bytes] = field(default_factory=dict)
    stub: bytes | None = None  # to be written; None where it is there, or is removed
    main: bytes | None = None
    config: bytes | None = None
    keeps_users_main: bool = False
    saves_users_main: bool = False
    needed_bytes: int = 0
    free_bytes: int = 0

    @property
    def switches(self) -> bool:
        """Whether another version takes the place of the present one."""
        return self.target != self.former

    @property
    def changes(self) -> bool:
        """Whether anything on the board will be another than it was."""
        return self.switches or self.main is not None or self.config is not None

    @property
    def sent_bytes(self) -> int:
        """How much goes over the line."""
        return sum(len(data) for data in (*self.sends.values(), self.main or b"", self.config or b""))


def make_plan(
    files: Mapping[str, bytes], stubs: Mapping[str, bytes], config: bytes, inventory: Inventory, layout: Layout,
    facts: Facts, *, force_main: bool = False,
) -> Plan:  # fmt: skip
    """`files` are an image's, `stubs` those of both slots. BoardError when something stands in the way."""
    _refuse_foreign(inventory, layout)
    manifest = {name.removeprefix("lib/"): sha256(data) for name, data in files.items()}
    kept = manifest if not facts.hashes else {MAIN: manifest[MAIN]}
    wanted = {name: data for name, data in files.items() if name != MAIN}
    wanted["lib/" + MANIFEST] = json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()
    former = inventory.active
    if former is not None and _holds(inventory, layout, former, wanted):
        plan = Plan(former, former)
    else:
        plan = Plan(SLOTS[1] if former == SLOTS[0] else SLOTS[0], former)
        _fill_slot(plan, wanted, inventory, layout)
        known = inventory.found.get(layout.stub(plan.target))
        plan.stub = None if known and known.sha == sha256(stubs[plan.target]) else stubs[plan.target]
    _plan_main(plan, files[MAIN], inventory, force_main)
    if config != inventory.config:
        plan.config = config
    _count(plan, inventory, layout, facts)
    return plan


def _refuse_foreign(inventory: Inventory, layout: Layout) -> None:
    there = [path for path in layout.foreign if path in inventory.found]
    if there:
        raise BoardError(
            f"{' and '.join(there)} on the board would be loaded instead of what is flashed; mip or a copy by hand put "
            f"it there. Remove it, and flash again: mpremote resume rm -r :{there[0]}"
        )


def _holds(inventory: Inventory, layout: Layout, slot: str, wanted: Mapping[str, bytes]) -> bool:
    present = {path: one.sha for path, one in inventory.files_in(layout.slot(slot)).items()}
    return present == {layout.place(slot, name): sha256(data) for name, data in wanted.items()}


def _fill_slot(plan: Plan, wanted: Mapping[str, bytes], inventory: Inventory, layout: Layout) -> None:
    present = inventory.files_in(layout.slot(plan.target))
    by_sha = {one.sha: path for path, one in inventory.files_in(layout.slot(plan.former or "")).items() if one.sha}
    places = {layout.place(plan.target, name): data for name, data in wanted.items()}
    for path, data in places.items():
        sha = sha256(data)
        if path in present and present[path].sha == sha:
            continue
        if sha in by_sha:
            plan.copies.append((by_sha[sha], path))
        else:
            plan.sends[path] = data
    whole = {path for path in places if path in present and path not in plan.sends} - {to for _, to in plan.copies}
    # The manifest first: where there are no hashes, it is what says that a slot is whole.
    plan.remove = sorted(set(present) - whole, key=lambda path: (not path.endswith("/" + MANIFEST), path))


def _plan_main(plan: Plan, main: bytes, inventory: Inventory, force: bool) -> None:
    inventory.ours.add(sha256(main))
    if inventory.main == main:
        return
    if inventory.main_is_users and not force:
        plan.keeps_users_main = True
        return
    plan.saves_users_main = inventory.main_is_users
    plan.main = main


def _count(plan: Plan, inventory: Inventory, layout: Layout, facts: Facts) -> None:
    block = max(1, facts.block_bytes)

    def taken(sizes: list[int]) -> int:
        return sum(-(-size // block) * block for size in sizes)

    sizes = [len(data) for data in (*plan.sends.values(), plan.main or b"", plan.config or b"", plan.stub or b"")]
    sizes += [inventory.found[source].size for source, _ in plan.copies]
    folders = {path.rpartition("/")[0] for path in (*plan.sends, *(to for _, to in plan.copies))}
    missing = [folder for folder in folders if folder not in inventory.found]
    plan.needed_bytes = taken(sizes) + 2 * block * len(missing) + SPARE_BLOCKS * block if any(sizes) else 0
    plan.free_bytes = facts.free_blocks * block + taken([inventory.found[path].size for path in plan.remove])


def check_room(plan: Plan) -> None:
    """BoardError when the flash cannot take it."""
    if plan.needed_bytes > plan.free_bytes:
        beside = " beside the version that runs" if plan.former and plan.switches else ""
        way = " Or let go of that version first, with --replace: then there is no way back." if beside else ""
        raise BoardError(
            f"The flash is too full: {plan.needed_bytes} bytes are needed{beside}, {plan.free_bytes} are free. Delete "
            f"something on the board, or leave a link out with --link.{way}"
        )
