"""All attributes of an object, also of one whose class has slots."""


def attributes(of: object) -> dict[str, object]:
    """By name. A slot that was never set raises AttributeError."""
    slots = [name for one in type(of).__mro__ for name in getattr(one, "__slots__", ())]
    return {**getattr(of, "__dict__", {}), **{name: getattr(of, name) for name in slots}}
