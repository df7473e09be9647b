"""wire.cddl against all vectors: what is valid validates, what CDDL can refuse is refused."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cddl_verifier import Validator  # type: ignore[import-untyped]  # ships no types

from tests.contract.make_vectors import FOLDER

SCHEMA = Path(__file__).parents[2] / "shared_schema" / "wire.cddl"

# Invalid frames that CDDL has no words for, and why. Each is refused by the code: run_vectors.py sees to that.
BEYOND_CDDL = {
    "cbor_array_indefinite": "CDDL speaks of the data model: an indefinite length is the same item",
    "cbor_map_indefinite": "the same",
    "cbor_text_indefinite": "the same",
    "cbor_bytes_indefinite": "the same",
    "cbor_depth_9_in_body": "no bound on the depth of `any`",
    "cbor_depth_9_maps": "no bound on the depth of `any`",
    "hello_custom_label_twice": "no relation between two elements of an array",
    "hello_custom_bounds_equal": "no order of an array's elements",
    "hello_custom_bounds_decrease": "no order of an array's elements",
    "samples_times_backwards": "a sum with the interval, which stands in another frame",
    "samples_times_backwards_later": "the same",
    "samples_times_beyond_max": "a sum",
    "samples_column_short": "no relation between a number and an array's length",
    "samples_column_long": "the same",
    "samples_column_long_for_times": "no relation between two arrays' lengths",
    "samples_second_column_short": "the same",
    "beyond_declared_columns": "a sum over the group",
    "beyond_samples_values": "a product",
    "beyond_frame_bytes": "the frame's own length",
}
# Envelopes whose form is right: what is wrong is a tag or a name.
WRONG_TAG = {
    "auth_tag_flipped", "auth_tag_of_other_payload", "auth_wrong_key", "auth_other_device", "auth_kid_of_other_device",
}  # fmt: skip


@cache
def validator() -> Validator:
    """The schema, read once."""
    return Validator(SCHEMA.read_text(encoding="utf-8"))


def vectors(*files: str) -> list[Any]:
    """All vectors of some files, as parameters."""
    found = []
    for file in files:
        for vector in json.loads((FOLDER / file).read_text(encoding="utf-8"))["vectors"]:
            found.append(pytest.param(vector, id=vector["name"]))
    return found


def problems(frame: str, rule: str) -> list[str]:
    """What the validator has against a frame."""
    result = validator().validate(bytes.fromhex(frame), root_type=rule)
    return [] if result.valid else [diagnostic.message for diagnostic in result.diagnostics] or ["refused"]


@pytest.mark.parametrize("vector", vectors("up.json", "limits.json", "compatibility.json"))
def test_valid_frames_validate(vector: dict[str, Any]) -> None:
    """Each frame that a receiver accepts is a `frame`, and one that goes up or down."""
    assert problems(vector["hex"], "frame") == []


@pytest.mark.parametrize("vector", vectors("down.json"))
def test_down_frames_are_no_up_frames(vector: dict[str, Any]) -> None:
    """The two ways have no frame in common."""
    assert problems(vector["hex"], "frame-down") == []
    assert problems(vector["hex"], "frame-up") != []


@pytest.mark.parametrize("vector", vectors("invalid.json"))
def test_invalid_frames_are_refused(vector: dict[str, Any]) -> None:
    """Each invalid frame is refused, but for those that CDDL has no words for, which validate."""
    refused = problems(vector["hex"], "frame-" + vector["way"]) != []
    assert refused == (vector["name"] not in BEYOND_CDDL)


@pytest.mark.parametrize("vector", vectors("auth.json"))
def test_envelopes(vector: dict[str, Any]) -> None:
    """An envelope has the form of section 15, and a valid frame inside."""
    good = "reason" not in vector or vector["name"] in WRONG_TAG
    assert (problems(vector["hex"], "envelope") == []) == good
