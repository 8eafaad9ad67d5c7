"""The workflow object that every handler gets as its first argument."""

def run(step: str, inputs: dict = {}, *, sensitive: list = [], environment: str = None, retry = 1, timeout: int | float | str = "1h", deadline: int | float | str = None, tags: list = []):
    """Runs a Function, where policy allows it, and returns its outputs.

    Policy may let the call pass, reject it (`PolicyRejected`), or hold it until a person has approved it.

    Args:
        step: The Function: `host/path@version`, `./folder` or `builtin://name`.
        inputs: A dict that JSON can hold, at most 1 MiB. Default: {}.
        sensitive: Places in `inputs` that only the runner gets to see: `["token", "database.password"]`. Default: [].
        environment: The environment it touches, where no target of one says so.
        retry: How many attempts, or a dict of `attempts`, `initial`, `factor`, `max` and `final`. Default: 1.
        timeout: For one attempt. Default: "1h".
        deadline: For everything: policy, approval, waiting for a runner, all attempts.
        tags: What the runner must have. Default: [].

    Returns:
        The Function's outputs, a dict.
    """
    pass

def sleep(*, days: int | float = None, hours: int | float = None, minutes: int | float = None, seconds: int | float = None, milliseconds: int | float = None) -> None:
    """Waits. The units add up; nothing runs and nothing is held in memory meanwhile.

    Args:
        days: Days.
        hours: Hours.
        minutes: Minutes.
        seconds: Seconds.
        milliseconds: Milliseconds.
    """
    pass

def sleep_until(time) -> None:
    """Waits until a moment. One that has passed is no wait.

    Args:
        time: A `time.time`, at most ten years from now.
    """
    pass

def wait_for_event(type: str, *, filter: str = None, match: dict = None, timeout: int | float | str = None, since: str = None):
    """Waits for the first matching event that the run has not consumed yet.

    Events count that arrived after the one which started the run, so that none is missed between two waits.

    Args:
        type: The event's type, or a prefix that ends in `*`.
        filter: A CEL expression over `event` that must come out true.
        match: Paths in the event with the values they must have.
        timeout: How long to wait at most.
        since: `"now"` ignores what has arrived before the call. One of "now".

    Returns:
        The event, a dict; None when `timeout` comes first.
    """
    pass

def wait_for_signal(name: str, *, timeout: int | float | str = None):
    """Waits for a signal, which a person, another system or another run sends to this one.

    One that came before the call is kept for it; the oldest of the name comes first.

    Args:
        name: The signal's name: up to 64 letters, digits, `.`, `_`, `-`, the last three not at its ends.
        timeout: How long to wait at most.

    Returns:
        A dict of `id`, `name`, `data`, `by`; None when `timeout` comes first.
    """
    pass

def start(workflow: str, input = None, *, sensitive: list = [], id: str = None, wait: bool = True, parent_close: str = "cancel"):
    """Starts a run of another workflow, which declares `on_start`, and waits for it.

    Args:
        workflow: The workflow's name.
        input: What it gets as the `data` of its event; anything that JSON can hold.
        sensitive: Places in `input` that nobody but the child gets to see. Default: [].
        id: Starts the workflow once in the workspace under this id; again is an error, up to 400 days after that run's end.
        wait: Whether to wait for it to end. Default: True.
        parent_close: What happens to it when this run, or the fiber that waits for it, ends before it does. One of "cancel", "terminate", "abandon". Default: "cancel".

    Returns:
        The output of its handler; with `wait = False`, a dict with its `run`.
    """
    pass

def form(title: str, fields: dict, *, description: str = None, assignees: list = None, timeout: int | float | str = None, signed: bool = False):
    """Asks people, and waits for what they fill in.

    Args:
        title: What the form is about, 1 to 200 characters.
        fields: A dict of field names, each with its type (`string`, `text`, `number`, `boolean`, `choice`, `multi_choice`, `date`, `secret`) or a dict of `type`, `label`, `help`, `required`, `default`, `options`, `min`, `max`, `pattern`.
        description: What people need to know to answer.
        assignees: Who may answer; any operator where it is left out.
        timeout: How long to wait at most.
        signed: Whether to tell who has answered, too. Default: False.

    Returns:
        A dict with a value for every field, None for those left empty; where it is `signed`, a dict of `by` and of those `values`. None when `timeout` comes first.
    """
    pass

def lock(key: str, fn: Callable, *args, limit: int = 1, timeout: int | float | str = None):
    """Calls a function while no more than `limit` hold the lock, whatever run they belong to.

    Those that wait get it in the order they asked. The function runs in a fiber of its own.

    Args:
        key: The lock's name, 1 to 200 visible ASCII characters.
        fn: The function to call.
        args: Its arguments, by position.
        limit: How many may hold the lock together. Default: 1.
        timeout: How long to wait for the lock at most.

    Returns:
        What the function returns.
    """
    pass

def set_status(text: str) -> None:
    """Says what the run is doing, for people.

    Args:
        text: At most 200 characters; the rest is cut.
    """
    pass

def set_progress(done: int | float, total: int | float = None) -> None:
    """Says how far the run is.

    Args:
        done: How much is done, in whatever the run counts.
        total: How much there is to do.
    """
    pass

def set_label(key: str, value: str | None) -> None:
    """Gives the run a label, which lists of runs filter by.

    Args:
        key: The label's key: up to 64 letters, digits, `.`, `_`, `-`, the last three not at its ends.
        value: Its value, at most 200 characters; None takes the label away.
    """
    pass

def set_output(key: str, value) -> None:
    """Puts out a result that can be read while the run still goes.

    Args:
        key: Its name: up to 64 letters, digits, `.`, `_`, `-`, the last three not at its ends.
        value: Anything that JSON can hold.
    """
    pass

def now():
    """Tells the time. Recorded: a replay sees the same.

    Returns:
        A `time.time` in UTC, to the millisecond.
    """
    pass

def uuid():
    """Makes a random UUID. Recorded: a replay sees the same.

    Returns:
        The UUID as text (RFC 9562, version 4).
    """
    pass

def random():
    """Draws a random number. Recorded: a replay sees the same.

    Returns:
        A float, at least 0 and less than 1.
    """
    pass

def parallel(branches, *, limit: int = None, on_error: str = "wait"):
    """Calls all branches side by side, each in a fiber of its own, and waits for all of them.

    When all have ended, the error of the first that failed is raised.

    Args:
        branches: Functions, or tuples of a function and its arguments by position.
        limit: How many run at a time; all where it is left out.
        on_error: What a failure does to the others: `"wait"` lets them go on, `"cancel"` cancels them. One of "wait", "cancel". Default: "wait".

    Returns:
        Their results, a list in the order of the branches.
    """
    pass

def spawn(fn: Callable, /, *args, **kwargs):
    """Calls a function in a fiber of its own and goes on at once.

    Args:
        fn: The function to call.
        args: Its arguments.
        kwargs: Its arguments that are given by name.

    Returns:
        The task: `id`, `done`, `state`, `cancel()`.
    """
    pass

def wait(tasks, *, on_error: str = "wait"):
    """Waits until tasks have ended.

    Args:
        tasks: A task, or a list of tasks.
        on_error: What a failure does to the others: `"wait"` lets them go on, `"cancel"` cancels them. One of "wait", "cancel". Default: "wait".

    Returns:
        The task's value; for a list, the list of their values.
    """
    pass

def race(branches):
    """Waits for the first branch or task to end, cancels the others and waits for their cleanup.

    Args:
        branches: Functions, or tuples of a function and its arguments by position. Tasks, too.

    Returns:
        `struct(index, value)` of the first.
    """
    pass

def select(*, events = None, timers = None, tasks = None, signals = None):
    """Waits for whichever comes first of events, signals, times and tasks.

    Args:
        events: A dict or list of event types, or of dicts of `type`, `filter`, `match`, `since`.
        timers: A dict or list of lengths of time, or of moments (`time.time`).
        tasks: A dict or list of tasks.
        signals: A dict or list of names of signals.

    Returns:
        `struct(kind, key, value)`, kind being `"event"`, `"signal"`, `"timer"` or `"task"`.
    """
    pass

def attempt(fn: Callable, /, *args, **kwargs):
    """Calls a function and returns how that went, instead of failing.

    A cancellation and a used-up budget pass by.

    Args:
        fn: The function to call.
        args: Its arguments.
        kwargs: Its arguments that are given by name.

    Returns:
        `struct(ok, value, error)`, error being None or `struct(code, message, details)`.
    """
    pass

def defer(fn: Callable, /, *args, **kwargs) -> None:
    """Calls a function when the handler, or the fiber's function, has ended in whichever way.

    The last one deferred is called first.

    Args:
        fn: The function to call.
        args: Its arguments.
        kwargs: Its arguments that are given by name.
    """
    pass

def continue_as_new(data = None) -> None:
    """Ends the run and starts it over in a new one, with an empty journal.

    Never returns. Deferred functions run first. Only the handler's own fiber may call it.

    Args:
        data: What the new run's event has as its data, JSON; that of this run's event where it is left out.
    """
    pass

def log(*args, sep: str = " ") -> None:
    """Writes a line into the run's log, once, however often the run is replayed.

    Args:
        args: What to write, each as by `str`.
        sep: What stands between them. Default: " ".
    """
    pass

def info():
    """Tells about the run itself.

    Returns:
        `struct(run, workflow, digest, trigger, initiator, commands, max_commands)`.
    """
    pass
