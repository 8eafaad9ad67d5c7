"""What workflow files of Sluice know at top level."""

def on_event(type: str, handler: Callable, filter: str = None, match: dict = None, name: str = None, *, concurrency = None, rate_limit = None, debounce = None, batch = None, priority: int = 0, timeout: int | float | str = None) -> None:
    """Declares a trigger: every matching event starts a run of the handler.

    Args:
        type: The event's type, or a prefix that ends in `*`.
        handler: A function defined by `def` at the top level of a file, called with `w` and the event.
        filter: A CEL expression over `event` that must come out true.
        match: Paths in the event with the values they must have.
        name: The trigger's name, once per workflow. Default: the handler's.
        concurrency: How many runs at once: what `concurrency(...)` gives.
        rate_limit: How many starts in a stretch of time: what `rate_limit(...)` gives.
        debounce: One run for a burst of events: what `debounce(...)` gives.
        batch: One run for several events: what `batch(...)` gives. The handler gets a list.
        priority: Of starts that wait for the same place, and of jobs that wait for a runner, the higher one goes first; from -1000 to 1000. Default: 0.
        timeout: How long each run may take; then it is stopped, cleans up, and has failed with `RunTimedOut`.
    """
    pass

def on_schedule(cron: str = None, *, handler: Callable, every: int | float | str = None, timezone: str = "UTC", name: str = None, overlap: str = "skip", jitter: int | float | str = 0, backfill: str = "latest", concurrency = None, priority: int = 0, timeout: int | float | str = None) -> None:
    """Declares a trigger that the clock fires.

    Args:
        cron: Five fields (minute, hour, day, month, weekday), or six with seconds in front; `@daily` and the like.
        handler: A function defined by `def` at the top level of a file, called with `w` and the event.
        every: Instead of `cron`: an interval of whole seconds, counted from 1970.
        timezone: A zone of the IANA database. Default: "UTC".
        name: The trigger's name, once per workflow. Default: the handler's.
        overlap: What a firing does when the run before goes on still. A short form of `concurrency`. One of "allow", "skip", "queue", "cancel". Default: "skip".
        jitter: Puts each firing off by up to this long. Default: 0.
        backfill: What to make up for after an outage. One of "none", "latest", "all". Default: "latest".
        concurrency: How many runs at once: what `concurrency(...)` gives.
        priority: Of starts that wait for the same place, and of jobs that wait for a runner, the higher one goes first; from -1000 to 1000. Default: 0.
        timeout: How long each run may take; then it is stopped, cleans up, and has failed with `RunTimedOut`.
    """
    pass

def on_start(handler: Callable, inputs: dict = None, *, concurrency = None, rate_limit = None, priority: int = 0, timeout: int | float | str = None) -> None:
    """Lets people and other workflows start this workflow by its name.

    The event's `data` is what they give it. With `inputs` it is a dict with a value for every field, checked before anything starts.

    Args:
        handler: A function defined by `def` at the top level of a file, called with `w` and the event.
        inputs: What a start takes: a dict from names to fields, as for `w.form`. Any JSON where it is left out.
        concurrency: How many runs at once: what `concurrency(...)` gives.
        rate_limit: How many starts in a stretch of time: what `rate_limit(...)` gives.
        priority: Of starts that wait for the same place, and of jobs that wait for a runner, the higher one goes first; from -1000 to 1000. Default: 0.
        timeout: How long each run may take; then it is stopped, cleans up, and has failed with `RunTimedOut`.
    """
    pass

def concurrency(key: str = None, mode: str = "queue", limit: int = 1, group: str = None):
    """Limits how many runs of a group there are at once.

    Args:
        key: A CEL expression over `event`; what it comes out as tells groups apart.
        mode: What happens to the starts that have to wait. One of "queue", "newest_first", "newest", "cancel_queued", "cancel_running", "skip". Default: "queue".
        limit: How many at once. Default: 1.
        group: A name for a group that triggers and workflows share; each trigger has its own where it is left out.

    Returns:
        What the parameter `concurrency` of a trigger takes.
    """
    pass

def rate_limit(count: int, per: int | float | str, key: str = None, over: str = "wait"):
    """Limits how many runs start in any stretch of time.

    Args:
        count: How many.
        per: How long the stretch is.
        key: A CEL expression over `event`; what it comes out as tells groups apart.
        over: Whether those over it wait for their turn or are dropped. One of "wait", "drop". Default: "wait".

    Returns:
        What the parameter `rate_limit` of a trigger takes.
    """
    pass

def debounce(duration: int | float | str, key: str = None, max_wait: int | float | str = None):
    """Makes one run of a burst of events, with the last of them.

    Args:
        duration: How long no event must have come.
        key: A CEL expression over `event`; what it comes out as tells groups apart.
        max_wait: How long to wait at most from the first event.

    Returns:
        What the parameter `debounce` of a trigger takes.
    """
    pass

def batch(max: int, within: int | float | str, key: str = None):
    """Makes one run of several events, whose handler gets the list of them.

    Args:
        max: How many events at most.
        within: How long to collect from the first event.
        key: A CEL expression over `event`; what it comes out as tells groups apart.

    Returns:
        What the parameter `batch` of a trigger takes.
    """
    pass

def struct(**kwargs):
    """Makes a value with the given fields.

    Args:
        kwargs: The fields.

    Returns:
        A struct; two are equal when their fields are.
    """
    pass
