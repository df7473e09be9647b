"""Limits that the bridge set: a sample beyond them is sent at once. Loaded when there are any."""

from boardpulse.compat import const

TYPE_CHECKING = const(0)
if TYPE_CHECKING:
    from boardpulse.group import Group


def urgent(group: "Group") -> bool:
    """Whether a value of the last sample is beyond its limits."""
    for column in group.limits:
        value = group.row[column]
        low, high = group.limits[column]
        if isinstance(value, int) and ((low is not None and value < low) or (high is not None and value > high)):
            return True
    return False


def set_limits(groups: "list[Group]", rows: "list[list[int | None]]") -> None:
    """Take [group, column, low, high] into use; both None: no longer any."""
    for number, column, low, high in rows:
        group = groups[number or 0]
        if low is None and high is None:
            group.limits.pop(column or 0, None)
        else:
            group.limits[column or 0] = (low, high)
        group.urgent = urgent if group.limits else None
