"""JSON texts."""

def encode(x, /):
    """Writes a value as JSON, keys sorted.

    Args:
        x: None, bool, int, float, string, list, tuple, dict with string keys, or struct.

    Returns:
        The JSON text.
    """
    pass

def decode(x: str, /, default = None):
    """Reads a JSON text.

    Args:
        x: The text.
        default: What to return when it is no JSON; an error where it is left out.

    Returns:
        The value.
    """
    pass

def indent(x: str, /, *, prefix: str = "", indent: str = "\t"):
    """Lays a JSON text out over lines.

    Args:
        x: The text.
        prefix: What every line but the first begins with. Default: "".
        indent: What every level is indented by. Default: "\t".

    Returns:
        The JSON text.
    """
    pass

def encode_indent(x, /, *, prefix: str = "", indent: str = "\t"):
    """Writes a value as JSON, laid out over lines.

    Args:
        x: As for `json.encode`.
        prefix: What every line but the first begins with. Default: "".
        indent: What every level is indented by. Default: "\t".

    Returns:
        The JSON text.
    """
    pass
