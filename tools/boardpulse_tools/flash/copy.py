"""Carries a plan out: everything beside what runs first, then one short switch; and the way back."""

import contextlib
import errno
from collections.abc import Callable

from boardpulse_tools.flash.errors import BoardError, ScriptError
from boardpulse_tools.flash.inventory import Inventory
from boardpulse_tools.flash.layout import CONFIG, CONFIG_COPIES, MAIN, NEW, SLOTS, USERS_MAIN, Layout
from boardpulse_tools.flash.plan import Plan
from boardpulse_tools.flash.transport import Session

Progress = Callable[[int], object]
FULL = (errno.ENOSPC, errno.ENOMEM)
READ_ONLY = (errno.EROFS, errno.EPERM, errno.EACCES)


def write(session: Session, plan: Plan, layout: Layout, progress: Progress) -> None:
    """Put the new version, and what goes with it, beside the one that runs. BoardError when the flash does not take
    it; what was written is removed then."""
    try:
        _write(session, plan, layout, progress)
    except ScriptError as error:
        why = why_not_written(error)
        with contextlib.suppress(ScriptError):  # a file system that refuses to write may refuse this too
            session.run("try:\n f.close()\nexcept Exception:\n pass")
            leftovers = [path + NEW for path in beside(plan, layout)]
            leftovers += [layout.slot(plan.target)] if plan.switches else []
            session.run("\n".join(f"x({path!r})" for path in leftovers))
        raise why from error


def _write(session: Session, plan: Plan, layout: Layout, progress: Progress) -> None:
    for path in plan.remove:
        session.run(f"x({path!r})")
    for path in _first_of_each_folder(plan, layout):
        session.run(f"k({path!r})")
    for source, target in plan.copies:
        session.run(f"c({source!r},{target!r})")
    for path, data in plan.sends.items():
        session.write(path, data, progress)
    for path, content in beside(plan, layout).items():
        session.write(path + NEW, content, progress)
    session.run("v()")


def _first_of_each_folder(plan: Plan, layout: Layout) -> list[str]:
    folders = {path.rpartition("/")[0]: path for path in (*plan.sends, *(to for _, to in plan.copies))}
    return [folders[name] for name in sorted(folders)] or [layout.stub(SLOTS[0])]


def beside(plan: Plan, layout: Layout) -> dict[str, bytes]:
    """The files that take their places in the switch."""
    found = {layout.at_root(CONFIG): plan.config, layout.at_root(MAIN): plan.main}
    if plan.switches:
        found[layout.stub(plan.target)] = plan.stub
    return {path: data for path, data in found.items() if data is not None}


def switch(session: Session, plan: Plan, layout: Layout) -> None:
    """The one step in which the new version takes over: a few renames in one command."""
    lines = []
    if plan.saves_users_main:
        lines.append(_rename(layout.at_root(MAIN), layout.at_root(USERS_MAIN)))
    for path in beside(plan, layout):
        if path != layout.stub(plan.target):
            lines.append(_rename(path + NEW, path))
    if plan.switches:
        if plan.stub is not None:
            lines.append(_rename(layout.stub(plan.target) + NEW, layout.stub(plan.target)))
        if plan.target == SLOTS[0]:
            lines.append(f"x({layout.stub(SLOTS[1])!r})")
    session.run("\n".join([*lines, "v()"]))


def _rename(old: str, new: str) -> str:
    return f"os.rename({old!r},{new!r})"


def go_back(session: Session, plan: Plan, inventory: Inventory, layout: Layout) -> None:
    """Undo a switch: the former version, main.py and configuration, or none of them where there was none."""
    for name, changed, content in (
        (MAIN, plan.main, None if plan.saves_users_main else inventory.main),
        (CONFIG, plan.config, inventory.config),
    ):
        path = layout.at_root(name)
        if changed is None:
            continue
        if content is None:
            session.run(f"x({path!r})")
        else:
            session.write(path + NEW, content)
            session.run(_rename(path + NEW, path))
    if plan.saves_users_main:
        session.run(_rename(layout.at_root(USERS_MAIN), layout.at_root(MAIN)))
    if plan.switches:
        _switch_back(session, plan, layout)
    if inventory.config is None:
        session.run("\n".join(f"x({layout.at_root(name)!r})" for name in CONFIG_COPIES))
    session.run("v()")


def _switch_back(session: Session, plan: Plan, layout: Layout) -> None:
    if plan.former == SLOTS[1]:
        stub = layout.stub(SLOTS[1])
        session.write(stub + NEW, layout.stub_source(SLOTS[1]).encode())
        session.run(_rename(stub + NEW, stub))
    else:
        session.run(f"x({layout.stub(plan.target)!r})")
    session.run(f"x({layout.slot(plan.target)!r})")


def clean(session: Session, plan: Plan, layout: Layout) -> None:
    """Remove the version that ran before, now that the new one has spoken."""
    other = SLOTS[1] if plan.target == SLOTS[0] else SLOTS[0]
    session.run(f"x({layout.slot(other)!r})\nv()")


def why_not_written(error: ScriptError) -> BoardError:
    """The sentence for a file system that refuses."""
    if error.errno in FULL:
        return BoardError(
            "The flash is full. What was copied is removed again, and what was there before runs on. Delete something "
            "on the board, or leave a link out with --link."
        )
    if error.errno in READ_ONLY:
        return BoardError(
            "The flash is read-only: nothing can be installed. A board that is mounted as a USB drive is unmounted "
            "first; a file system that boot.py mounts read-only is mounted writable."
        )
    return BoardError(f"The flash does not take it. {error}")
