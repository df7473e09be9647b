"""Takes off a board what flash.py put there, and nothing else."""

import time

from boardpulse_tools.flash.copy import READ_ONLY, why_not_written
from boardpulse_tools.flash.errors import FlashError, ScriptError
from boardpulse_tools.flash.inventory import Inventory, take_inventory
from boardpulse_tools.flash.layout import CONFIG, CONFIG_COPIES, MAIN, NEW, SLOTS, USERS_MAIN, Layout
from boardpulse_tools.flash.probe import probe
from boardpulse_tools.flash.report import Reporter, Result
from boardpulse_tools.flash.transport import Session


def unflash(port: str, reporter: Reporter, *, dry_run: bool = False) -> Result:
    """Remove boardpulse from a board; its owner's files stay, and a main.py that was set aside comes back."""
    result = Result(port)
    began = time.monotonic()
    try:
        with Session(port) as session:
            session.enter()
            facts = probe(session)
            layout = Layout(facts.root, facts.lib)
            inventory = take_inventory(session, layout)
            result.files_removed = ours(inventory, layout)
            result.micropython = facts.version_text
            if not dry_run:
                _remove(session, inventory, layout, result.files_removed)
    finally:
        result.seconds = round(time.monotonic() - began, 2)
    result.outcome = "planned" if dry_run else "removed"
    _tell(result, inventory, layout, reporter, dry_run)
    return result


def ours(inventory: Inventory, layout: Layout) -> list[str]:
    """What is to be removed, in an order in which the board boots at any moment: main.py before what it imports."""
    names = [] if inventory.main_is_users else [MAIN]
    names += [MAIN + NEW, CONFIG, CONFIG + NEW, *CONFIG_COPIES]
    paths = [layout.at_root(name) for name in names]
    if any(layout.slot(slot) in inventory.found for slot in SLOTS):
        paths += [layout.stub(slot) + end for slot in reversed(SLOTS) for end in ("", NEW)]
    paths += [layout.slot(slot) for slot in SLOTS]
    return [path for path in paths if path in inventory.found]


def _remove(session: Session, inventory: Inventory, layout: Layout, paths: list[str]) -> None:
    try:
        for path in paths:
            session.run(f"x({path!r})")
        aside = layout.at_root(USERS_MAIN)
        if aside in inventory.found and layout.at_root(MAIN) in paths:
            session.run(f"os.rename({aside!r},{layout.at_root(MAIN)!r})")
        session.run("v()")
    except ScriptError as error:
        if error.errno in READ_ONLY:
            raise why_not_written(error) from error
        raise FlashError(f"Not everything could be removed. {error}") from error


def _tell(result: Result, inventory: Inventory, layout: Layout, reporter: Reporter, dry_run: bool) -> None:
    if not result.files_removed:
        reporter.say(f"{result.port}: there is nothing of boardpulse on the board.")
        return
    reporter.say(f"{result.port}: {'would be removed' if dry_run else 'removed'}:")
    for path in result.files_removed:
        files = inventory.files_in(path)
        reporter.say(f"  {path}" + (f"  ({len(files)} files)" if files else ""))
    if layout.at_root(USERS_MAIN) in inventory.found and layout.at_root(MAIN) in result.files_removed:
        reporter.say(f"Your own {MAIN} {'would be' if dry_run else 'is'} back in its place.")
    elif inventory.main_is_users:
        reporter.say(f"{MAIN} is yours and stays; take boardpulse out of it if you use it there.")
