"""Base64 texts (RFC 4648)."""

def encode(data: str | bytes, /, *, url: bool = False):
    """Writes text or bytes as Base64.

    Args:
        data: Text counts as its UTF-8 encoding.
        url: The alphabet for URLs and file names. Default: False.

    Returns:
        The Base64 text.
    """
    pass

def decode(text: str, /, *, url: bool = False):
    """Reads Base64.

    Args:
        text: The Base64 text.
        url: The alphabet for URLs and file names. Default: False.

    Returns:
        Bytes.
    """
    pass
