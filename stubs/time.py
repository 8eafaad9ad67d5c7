"""Instants and lengths of time. There is no clock in it: `w.now()` tells the time."""

def time(*, year: int = None, month: int = None, day: int = None, hour: int = None, minute: int = None, second: int = None, nanosecond: int = None, location: str = "UTC"):
    """An instant, from its parts.

    Args:
        year: The year.
        month: The month.
        day: The day.
        hour: The hour.
        minute: The minute.
        second: The second.
        nanosecond: The nanosecond.
        location: A zone of the IANA database. Default: "UTC".

    Returns:
        A `time.time`.
    """
    pass

def from_timestamp(sec: int, nsec: int = 0, /):
    """An instant, from seconds since 1970.

    Args:
        sec: Seconds.
        nsec: Nanoseconds on top. Default: 0.

    Returns:
        A `time.time`.
    """
    pass

def parse_time(x: str, format: str = None, location: str = "UTC"):
    """Reads an instant.

    Args:
        x: The text.
        format: A layout in the manner of Go. Default: RFC 3339.
        location: The zone where the text names none. Default: "UTC".

    Returns:
        A `time.time`.
    """
    pass

def parse_duration(d, /):
    """Reads a length of time.

    Args:
        d: A text such as `"1h30m"`, or a `time.duration`.

    Returns:
        A `time.duration`.
    """
    pass

def is_valid_timezone(loc: str, /):
    """Whether there is a zone of that name.

    Args:
        loc: The name, such as `Europe/Berlin`.

    Returns:
        A bool.
    """
    pass

hour = None
"""One hour, a `time.duration`."""

microsecond = None
"""One microsecond."""

millisecond = None
"""One millisecond."""

minute = None
"""One minute."""

nanosecond = None
"""One nanosecond."""

second = None
"""One second."""
