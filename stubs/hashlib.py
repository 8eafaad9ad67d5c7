"""Digests. MD5 and SHA-1 are for old formats, not for security."""

def md5(data: str | bytes, /):
    """The MD5 digest of text or bytes.

    Args:
        data: Text counts as its UTF-8 encoding.

    Returns:
        The digest in lower-case hexadecimal.
    """
    pass

def sha1(data: str | bytes, /):
    """The SHA-1 digest of text or bytes.

    Args:
        data: Text counts as its UTF-8 encoding.

    Returns:
        The digest in lower-case hexadecimal.
    """
    pass

def sha256(data: str | bytes, /):
    """The SHA-256 digest of text or bytes.

    Args:
        data: Text counts as its UTF-8 encoding.

    Returns:
        The digest in lower-case hexadecimal.
    """
    pass
