"""What is done on a board, worked out from what is on it."""

import json

import pytest

from boardpulse_tools.flash.copy import beside
from boardpulse_tools.flash.errors import BoardError
from boardpulse_tools.flash.inventory import Found, Inventory
from boardpulse_tools.flash.layout import Layout, sha256
from boardpulse_tools.flash.plan import Plan, check_room, make_plan
from boardpulse_tools.flash.probe import Facts

LAYOUT = Layout("", "/lib")
FILES = {"lib/board.mpy": b"board", "lib/boardpulse/__init__.mpy": b"core", "main.py": b"main"}
STUBS = {"a": b"to a", "b": b"to b"}
CONFIG = b'{"device_id":"kiln"}'
MANIFEST = json.dumps({"main.py": sha256(b"main")}, separators=(",", ":")).encode()


def facts(free_blocks: int = 1000, hashes: bool = True) -> Facts:
    """A board with blocks of 512 bytes."""
    return Facts("micropython", (1, 29, 0), "fake", 0x306, "rp2", "", "/lib", hashes, 512, free_blocks)


def inventory(contents: dict[str, bytes], active: str | None) -> Inventory:
    """A board with these files."""
    found = {path: Found(len(data), sha256(data)) for path, data in contents.items()}
    found |= {path.rsplit("/", 1)[0]: Found(-1, "") for path in contents if path.count("/") > 1}
    return Inventory(found, active, contents.get("/boardpulse.json"), contents.get("/main.py"))


def version(slot: str, files: dict[str, bytes] = FILES) -> dict[str, bytes]:
    """A version in its slot, whole, with its stub and main.py."""
    there = {LAYOUT.place(slot, name): data for name, data in files.items() if name != "main.py"}
    there |= {f"/lib/bp_{slot}/sha": MANIFEST, LAYOUT.stub(slot): STUBS[slot]}
    return there | {"/main.py": files["main.py"], "/boardpulse.json": CONFIG}


def plan(found: Inventory, files: dict[str, bytes] = FILES, config: bytes = CONFIG, **options: bool) -> Plan:
    """The plan for this image."""
    return make_plan(files, STUBS, config, found, LAYOUT, facts(hashes=options.pop("hashes", True)), **options)


def test_a_fresh_board_gets_everything() -> None:
    """Into slot a; the stub that leads there, main.py and the configuration take their places last."""
    made = plan(inventory({}, None))
    assert (made.target, made.former) == ("a", None)
    assert list(made.sends) == ["/lib/bp_a/board.mpy", "/lib/bp_a/boardpulse/__init__.mpy", "/lib/bp_a/sha"]
    assert list(beside(made, LAYOUT)) == ["/boardpulse.json", "/main.py", "/lib/boardpulse.mpy"]


def test_the_same_version_changes_nothing() -> None:
    """Whatever slot it is in."""
    for slot in ("a", "b"):
        made = plan(inventory(version(slot), slot))
        assert not made.changes
        assert (made.sends, made.copies, made.remove, made.sent_bytes) == ({}, [], [], 0)


def test_a_changed_file_goes_beside_copies_of_the_others() -> None:
    """The version that runs is not touched."""
    made = plan(inventory(version("a"), "a"), FILES | {"lib/board.mpy": b"other"})
    assert made.target == "b"
    assert made.sends == {"/lib/bp_b/board.mpy": b"other"}
    assert ("/lib/bp_a/boardpulse/__init__.mpy", "/lib/bp_b/boardpulse/__init__.mpy") in made.copies
    assert made.remove == []
    assert beside(made, LAYOUT) == {"/lib/boardpulse.py": b"to b"}


def test_back_in_slot_a_the_stub_is_there_already() -> None:
    """To switch is then to remove the other."""
    there = version("b") | {"/lib/boardpulse.mpy": b"to a"}
    made = plan(inventory(there, "b"), FILES | {"lib/board.mpy": b"other"})
    assert (made.target, made.stub) == ("a", None)


def test_what_an_interrupted_copy_left_is_used() -> None:
    """Whole files stay, damaged and surplus ones go, the manifest first."""
    half = {"/lib/bp_b/board.mpy": b"other", "/lib/bp_b/boardpulse/__init__.mpy": b"co", "/lib/bp_b/old.mpy": b"x"}
    there = version("a") | half | {"/lib/bp_b/sha": b"{}"}
    made = plan(inventory(there, "a"), FILES | {"lib/board.mpy": b"other"})
    assert made.sends == {}
    assert sorted(target for _, target in made.copies) == ["/lib/bp_b/boardpulse/__init__.mpy", "/lib/bp_b/sha"]
    assert made.remove == ["/lib/bp_b/sha", "/lib/bp_b/boardpulse/__init__.mpy", "/lib/bp_b/old.mpy"]


def test_a_users_main_is_kept_unless_told_otherwise() -> None:
    """An older one of ours is known by the manifest, and replaced."""
    mine = inventory({"/main.py": b"mine"}, None)
    assert plan(mine).keeps_users_main
    assert plan(mine).main is None
    forced = plan(inventory({"/main.py": b"mine"}, None), force_main=True)
    assert (forced.main, forced.saves_users_main) == (b"main", True)
    ours = inventory(version("a") | {"/main.py": b"main of before"}, "a")
    ours.ours.add(sha256(b"main of before"))
    assert plan(ours).main == b"main"


def test_without_hashes_on_the_board_the_manifest_holds_them_all() -> None:
    """It is written last."""
    made = plan(inventory({}, None), hashes=False)
    path, data = list(made.sends.items())[-1]
    assert path == "/lib/bp_a/sha"
    assert json.loads(data)["board.mpy"] == sha256(b"board")


def test_a_flash_that_is_too_full_is_told_with_numbers() -> None:
    """Whole blocks count, folders too; what a former copy left is room."""
    made = make_plan(FILES, STUBS, CONFIG, inventory({}, None), LAYOUT, facts(free_blocks=3))
    assert made.free_bytes == 3 * 512
    assert made.needed_bytes == (6 + 2 * 2 + 2) * 512  # files, folders, spare
    with pytest.raises(BoardError, match="6144 bytes are needed, 1536 are free"):
        check_room(made)
    check_room(make_plan(FILES, STUBS, CONFIG, inventory({}, None), LAYOUT, facts(free_blocks=12)))


def test_modules_that_would_hide_ours_are_refused() -> None:
    """As mip installs them."""
    found = inventory({}, None)
    found.found["/lib/boardpulse"] = Found(-1, "")
    with pytest.raises(BoardError, match="rm -r :/lib/boardpulse"):
        plan(found)
