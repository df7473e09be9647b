"""Every mistake in a catalogue is told with its place and what to do, and all of them at once."""

import pytest

from boardpulse_tools.catalog import CatalogError, parse

GOOD = {
    "key": "7",
    "name": '"device_lag_seconds"',
    "section": '"Processor"',
    "type": '"gauge"',
    "unit": '"seconds"',
    "scale": "-6",
    "range": "[0, 100]",
    "labels": '["core"]',
    "help": '"How late the loop ran."',
    "since": '"0.1"',
    "known_as": '["lag"]',
}
COUNTER = {"type": '"counter"', "range": None}
HISTOGRAM = {"type": '"histogram"', "range": None, "bounds": "[1, 2]"}
BRIDGE = {"origin": '"bridge"', "key": None, "scale": None, "range": None}


def entry(changes: dict[str, str | None] | None = None) -> str:
    """A right [[metric]] with some fields changed, or left out where None."""
    fields = {**GOOD, **(changes or {})}
    return "[[metric]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items() if value is not None)


def problems(text: str) -> list[str]:
    """What the catalogue says of `text`."""
    with pytest.raises(CatalogError) as caught:
        parse(text)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize("changes", [{}, COUNTER, HISTOGRAM, BRIDGE], ids=["gauge", "counter", "histogram", "bridge"])
def test_a_right_entry_of_each_kind_is_accepted(changes: dict[str, str | None]) -> None:
    """The entry that the other tests spoil is right in itself."""
    [metric] = parse(entry(changes)).metrics
    assert "device_lag_seconds" + ("_total" if changes is COUNTER else "") == metric.exposed_name


MISTAKES: list[tuple[dict[str, str | None], str, str]] = [
    ({"key": "0"}, "key", "0 is no key; take an unused whole number from 1"),
    ({"key": "true"}, "key", "True is no key"),
    ({"key": '"7"'}, "key", "'7' is no key"),
    ({"key": None}, "key", "is missing; boards need it"),
    ({"name": '"Device_lag_seconds"'}, "name", "is no metric name; write device_ and lower-case words"),
    ({"name": '"device_lag__seconds"'}, "name", "is no metric name"),
    ({"name": "5"}, "name", "5 is no metric name"),
    ({"name": None}, "name", "is missing; every metric has it"),
    ({"name": '"device_lag"'}, "name", "does not end in its unit; call it device_lag_seconds"),
    ({"name": '"device_lag_ms"', "unit": '""'}, "name", "has 'ms', no base unit; use 'seconds'"),
    ({"name": '"device_load_percent"', "unit": '""'}, "name", "no base unit; use 'ratio'"),
    ({"name": '"device_lag_total"', "unit": '""'}, "name", "ends in _total, which Prometheus reserves; leave it off"),
    ({"name": '"device_boot_count"', "unit": '""'}, "name", "ends in _count, which Prometheus reserves; choose"),
    ({"unit": '""'}, "unit", "is empty, but the name ends in seconds"),
    ({"unit": '"second"'}, "unit", "'second' is none of"),
    ({"unit": '"second"'}, "unit", "did you mean 'seconds'?"),
    ({"type": '"gage"'}, "type", "did you mean 'gauge'?"),
    ({"type": "[]"}, "type", "[] is none of"),
    ({"origin": '"host"'}, "origin", "'host' is none of 'board', 'bridge'"),
    ({"scale": "13"}, "scale", "13 is no decimal exponent; write a whole number from -12 to 12"),
    ({"scale": "-2.5"}, "scale", "-2.5 is no decimal exponent"),
    ({"scale": None}, "scale", "is missing"),
    ({"range": "[5, 5]"}, "range", "[5, 5] is empty or passes 2**53"),
    ({"range": "[0, 9007199254740993]"}, "range", "is empty or passes 2**53"),
    ({"range": "[0, 1.5]"}, "range", "is no range; write [least, greatest] as whole numbers"),
    ({"range": "[0]"}, "range", "is no range"),
    ({"range": None}, "range", "is missing; write the [least, greatest] value"),
    ({**COUNTER, "range": "[0, 5]"}, "range", "a counter runs from 0 to 2**53; remove it"),
    ({"labels": '["Core"]'}, "labels", "'Core' is no label name"),
    ({"labels": '["device_id"]'}, "labels", "'device_id' is given by the bridge or by Prometheus; choose another"),
    ({"labels": '["le"]'}, "labels", "choose another name"),
    ({"labels": '["a", "a"]'}, "labels", "has a name twice; remove one"),
    ({"labels": '"core"'}, "labels", "is no list of at most 8 label names"),
    ({"labels": '["a", "b", "c", "d", "e", "f", "g", "h", "i"]'}, "labels", "at most 8"),
    ({"help": '"How late the loop ran"'}, "help", "does not end with a period"),
    ({"help": '""'}, "help", "write one sentence"),
    ({"help": f'"{"x" * 120}."'}, "help", "has 121 characters; say it in 110"),
    ({"since": '"soon"'}, "since", "'soon' is no version"),
    ({"known_as": "[]"}, "known_as", "name what users of comparable systems call it"),
    ({"section": '" "'}, "section", "is no text"),
    ({"bounds": "[1]"}, "bounds", "have no use: it is a gauge"),
    ({**HISTOGRAM, "bounds": None}, "bounds", "are missing; write the upper bounds"),
    ({**HISTOGRAM, "bounds": "[1, 3, 3]"}, "bounds", "3 follows 3; write the bounds in increasing order"),
    ({**HISTOGRAM, "bounds": "[]"}, "bounds", "is no list of 1 to 32 whole numbers"),
    ({**HISTOGRAM, "bounds": "[1, 9007199254740993]"}, "bounds", "pass 2**53"),
    ({**BRIDGE, "key": "7"}, "key", 'has no use where origin = "bridge"; remove it'),
    ({**HISTOGRAM, "origin": '"bridge"', "key": None, "scale": None}, "type", "cannot come from the bridge"),
    ({"lables": "[]"}, "lables", "is an unknown field"),
    ({"lables": "[]"}, "lables", "did you mean 'labels'?"),
]


@pytest.mark.parametrize(("changes", "place", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(changes: dict[str, str | None], place: str, message: str) -> None:
    """File, line, metric and field stand before what is wrong."""
    found = problems("# a comment\n\n" + entry(changes))
    name = str(changes.get("name", GOOD["name"])).strip('"')
    where = f"catalog.toml:3: {'entry 1' if name in ('None', '5') else name}: {place}: "
    assert [p for p in found if p.startswith(where) and message in p], found


TOGETHER = [
    ([{}, {"name": '"device_x_seconds"'}], "key: 7 is the key of device_lag_seconds already; take another"),
    ([{}, {"key": "8"}], "name: device_lag_seconds is exposed by device_lag_seconds already"),
    ([COUNTER, {"key": "8"}], "name: device_lag_seconds is exposed by device_lag_seconds already"),
    ([{}, {**BRIDGE}], "name: device_lag_seconds is exposed by"),
]


@pytest.mark.parametrize(("entries", "message"), TOGETHER)
def test_nothing_stands_twice(entries: list[dict[str, str | None]], message: str) -> None:
    """The second of two is the one that is told, by its own line."""
    text = "\n".join(map(entry, entries))
    line = text.splitlines().index("[[metric]]", 1) + 1
    [problem] = problems(text)
    assert problem.startswith(f"catalog.toml:{line}: ")
    assert message in problem


def test_a_retired_key_is_never_used_again() -> None:
    """A board in the field may still send it."""
    [problem] = problems("retired_keys = [7]\n" + entry())
    assert "key: 7 is retired and is never used again" in problem


def test_all_mistakes_are_told_at_once() -> None:
    """One run shows everything that is to be mended."""
    first = entry({"key": "0", "scale": "99", "help": '"no period"'})
    second = entry({"type": '"gage"', "name": '"device_b_seconds"'})
    found = problems("metrics = 1\nretired_keys = 5\n" + first + second + '[[derived]]\nquery = "device_nothing"\n')
    places = [problem.split(": ")[1:3] for problem in found]
    assert places == [
        ["metrics", "is unknown here; use metric, derived, retired_keys; did you mean 'metric'?"],
        ["retired_keys", "is no list of whole numbers; list the keys of metrics that are gone"],
        ["device_lag_seconds", "key"],
        ["device_lag_seconds", "scale"],
        ["device_lag_seconds", "help"],
        ["device_b_seconds", "type"],
        ["entry 1", "known_as"],
        ["entry 1", "query"],
    ]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("device_lag_secs", "device_lag_secs is not exposed; did you mean 'device_lag_seconds'?"),
        ("rate(device_sent_bytes[5m])", "device_sent_bytes is not exposed; did you mean 'device_sent_bytes_total'?"),
    ],
)
def test_a_query_names_only_what_is_exposed(query: str, message: str) -> None:
    """A counter's query needs _total, a histogram's one of its three endings."""
    counter = entry({**COUNTER, "key": "8", "name": '"device_sent_bytes"', "unit": '"bytes"'})
    [problem] = problems(f'{entry()}{counter}[[derived]]\nknown_as = "lag"\nquery = "{query}"\n')
    assert problem.endswith(f": lag: query: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[metric]\n", "catalog.toml: is no TOML: "),
        ("", "catalog.toml: metric: there is none"),
        ("metric = 5\n", "catalog.toml: metric: is no array of tables; write [[metric]]"),
        ("metric = [1]\n", "catalog.toml: metric: is no array of tables; write [[metric]]"),
    ],
)
def test_a_file_that_is_no_catalogue_is_told_as_such(text: str, message: str) -> None:
    """Not a traceback."""
    assert [p for p in problems(text) if p.startswith(message)]
