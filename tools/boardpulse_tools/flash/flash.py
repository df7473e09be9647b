"""One board from its port to its hello."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from boardpulse_tools.boards import board_file
from boardpulse_tools.boards_schema import BoardFile, BoardFileError, read_boards
from boardpulse_tools.flash import copy, settings, verify
from boardpulse_tools.flash.errors import ROLLED_BACK, BoardError, FlashError, SilentError
from boardpulse_tools.flash.inventory import Inventory, take_inventory
from boardpulse_tools.flash.layout import CONFIG, MAIN, SLOTS, USERS_MAIN, Layout
from boardpulse_tools.flash.plan import Plan, check_room, make_plan
from boardpulse_tools.flash.probe import Facts, identify, probe, warns
from boardpulse_tools.flash.report import Reporter, Result
from boardpulse_tools.flash.transport import Session
from boardpulse_tools.image import ImageError, build_image
from boardpulse_tools.image.build import compiled

HOW_TO_START = (
    f"{MAIN} on the board is yours and was left as it is. To start boardpulse in it: `import boardpulse`, "
    "`boardpulse.start()`, and in your asyncio loop `asyncio.create_task(boardpulse.run())`; without asyncio call "
    "`boardpulse.step()` again and again. To have ours instead: --force-main, which keeps yours as " + USERS_MAIN
)


@dataclass(frozen=True)
class Options:
    """How to flash, apart from the configuration."""

    board: str | None = None
    dry_run: bool = False
    force_main: bool = False
    replace: bool = False
    hello_s: float = verify.HELLO_S


def all_boards() -> list[BoardFile]:
    """The folders of boards/."""
    try:
        return read_boards(board_file("boards"))
    except BoardFileError as error:
        raise BoardError(str(error)) from error


class Flasher:
    """Flashes one board. `result` tells how far it came, also after an error."""

    def __init__(self, port: str, wanted: settings.Wanted, options: Options, reporter: Reporter) -> None:
        self.result = Result(port)
        self._wanted = wanted
        self._options = options
        self._reporter = reporter

    def run(self) -> Result:
        """Do it. FlashError when it cannot be done."""
        began = time.monotonic()
        try:
            with Session(self.result.port) as session:
                self._flash(session)
        except FlashError as error:
            self.result.error = str(error)
            raise
        finally:
            self.result.seconds = round(time.monotonic() - began, 2)
        return self.result

    def _flash(self, session: Session) -> None:
        session.enter()
        facts = probe(session)
        board = identify(facts, all_boards(), self._options.board)
        self._introduce(facts, board)
        layout = Layout(facts.root, facts.lib)
        inventory = take_inventory(session, layout)
        if inventory.config is not None and inventory.settings() is None:
            self._note(f"{CONFIG} on the board is no JSON object, as if it had been cut short: it is not taken over.")
        config = settings.merged(inventory.settings(), self._wanted, board)
        settings.check(config, f"{board.port}-0" if board.port not in ("unix", "linux") else None)
        plan = self._plan(session, facts, board, config, inventory, layout)
        self._tell(plan)
        if self._options.dry_run:
            check_room(plan)
            self.result.outcome = "planned"
            return
        check_room(plan)
        self._write(session, plan, layout)
        self._verify_or_go_back(session, plan, inventory, layout, config, board)

    def _introduce(self, facts: Facts, board: BoardFile) -> None:
        self.result.board, self.result.micropython = board.name, facts.version_text
        self._reporter.say(f"{self.result.port}: {facts.machine}, MicroPython {facts.version_text}: {board.name}")
        warning = warns(facts, board)
        if warning:
            self._note(warning)

    def _note(self, text: str) -> None:
        self.result.notes.append(text)
        self._reporter.say(text)

    def _plan(
        self, session: Session, facts: Facts, board: BoardFile, config: Mapping[str, object], inventory: Inventory,
        layout: Layout,
    ) -> Plan:  # fmt: skip
        link = config["link"]
        kind = link.get("type") if isinstance(link, dict) else None
        try:
            files = build_image(board.name, arch=facts.arch, link=kind).files
            sources = {slot: layout.stub_source(slot) for slot in SLOTS}
            stubs = {"a": compiled("boardpulse.py", sources["a"]), "b": sources["b"].encode()}
        except ImageError as error:
            raise BoardError(str(error)) from error
        encoded = settings.encoded(config)
        if inventory.config is not None and inventory.settings() == dict(config):
            encoded = inventory.config  # as its owner wrote it
        force = self._options.force_main
        plan = make_plan(files, stubs, encoded, inventory, layout, facts, force_main=force)
        if plan.needed_bytes > plan.free_bytes and self._options.replace and plan.former and not self._options.dry_run:
            self._note("The version on the board is removed first, to make room.")
            session.run("".join(f"x({path!r})\n" for path in _version(layout)))
            plan = make_plan(files, stubs, encoded, take_inventory(session, layout), layout, probe(session))
        return plan

    def _tell(self, plan: Plan) -> None:
        self.result.files_sent = len(plan.sends) + (plan.main is not None) + (plan.config is not None)
        self.result.files_copied_on_board = len(plan.copies)
        self.result.bytes_sent = plan.sent_bytes
        if not plan.changes:
            self._reporter.say("Everything is on the board already: nothing is copied.")
        else:
            self._reporter.say(
                f"To send: {self.result.files_sent} files, {plan.sent_bytes} bytes; {len(plan.copies)} are there "
                f"already. Free: {plan.free_bytes} bytes, needed: {plan.needed_bytes}."
            )
        if plan.saves_users_main:
            self._note(f"{MAIN} on the board is yours: it is kept as {USERS_MAIN}.")
        if plan.keeps_users_main:
            self._note(HOW_TO_START)

    def _write(self, session: Session, plan: Plan, layout: Layout) -> None:
        if not plan.changes:
            return
        self._reporter.begin(plan.sent_bytes)
        copy.write(session, plan, layout, self._reporter.moved)
        self._reporter.end()
        copy.switch(session, plan, layout)

    def _verify_or_go_back(
        self, session: Session, plan: Plan, inventory: Inventory, layout: Layout, config: Mapping[str, object],
        board: BoardFile,
    ) -> None:  # fmt: skip
        try:
            self._verify(session, plan, inventory, layout, config, board)
        except SilentError as error:
            if not plan.changes:
                raise
            self._go_back(session, plan, inventory, layout, error)
        other = SLOTS[plan.target == SLOTS[0]]
        if layout.slot(other) in inventory.found:
            session.enter()
            take_inventory(session, layout)
            copy.clean(session, plan, layout)
            session.restart()
        self.result.outcome = "flashed" if plan.changes else "unchanged"
        self._reporter.say(f"{self.result.device_id}: {self.result.verified}.")

    def _verify(
        self, session: Session, plan: Plan, inventory: Inventory, layout: Layout, config: Mapping[str, object],
        board: BoardFile,
    ) -> None:  # fmt: skip
        """Have the new version speak. Says what was seen, and no more."""
        expected = config.get("device_id")
        expected = expected if isinstance(expected, str) else None
        starts = not plan.keeps_users_main or b"boardpulse" in (inventory.main or b"")
        if settings.speaks_here(config, board) and starts:
            session.restart()
            heard = verify.wait_for_hello(session, expected, self._options.hello_s, settings.key_of(config))
            self.result.device_id = heard.device_id
            self.result.verified = "its hello came over this line"
            return
        session.enter()  # what was imported of the former version is forgotten
        self.result.device_id = verify.start_once(session, layout.at_root(CONFIG))
        session.restart()
        if starts:
            verify.watch_console(session)
        self.result.verified = "the node starts with this configuration"
        if not settings.speaks_here(config, board):
            self._note("Its frames do not come over this line: whether they arrive, `boardpulse devices` tells.")

    def _go_back(self, session: Session, plan: Plan, inventory: Inventory, layout: Layout, error: SilentError) -> None:
        self._reporter.say("It does not speak: what was on the board before is put back.")
        session.enter()
        take_inventory(session, layout)
        copy.go_back(session, plan, inventory, layout)
        session.restart()
        self.result.outcome = "rolled back"
        former = "The former version is back and runs" if plan.former else "The board is as it was before"
        raise FlashError(f"{error} {former}.", ROLLED_BACK) from error


def _version(layout: Layout) -> list[str]:
    return [*(layout.stub(slot) for slot in reversed(SLOTS)), *(layout.slot(slot) for slot in SLOTS)]
