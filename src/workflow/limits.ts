// What a run may use. Numbers of docs/workflows.md: change both.
import { MAX_PAYLOAD_BYTES } from "../protocol/job.ts";

export { MAX_PAYLOAD_BYTES };
/** Of a result as the journal keeps it, which can be more than its JSON has: a stored row holds 2 MB. */
export const MAX_KEPT_BYTES = 1.5 * 1024 * 1024;

/** Commands of one run. */
export const MAX_COMMANDS = 100_000;
/** Where a run says in its log that it comes near. */
export const ADVISED_COMMANDS = 90_000;
/** What deferred functions may use on top, so that a run that hit the limit can still clean up. */
export const MAX_CLEANUP_COMMANDS = 1000;
/** Functions waiting in `w.defer`, counted over the whole run: a cleanup that defers itself ends here. */
export const MAX_DEFERRED = 10_000;

/**
 * A slice: what the fibers of a run do between two outcomes that were really waited for, or the top level of a file.
 * About half a second at worst.
 */
export const sliceLimits = { maxSteps: 20_000_000, maxAllocatedBytes: 64 * 1024 * 1024, maxDepth: 1000 };
/** Steps that a command costs its slice: w.now() and the like do not end it, and each is two records. */
export const COMMAND_STEPS = 400;
/** How often a slice gets a whole budget again: for cleanup, and for those that go on after one used it up. */
export const MAX_RENEWALS = 6;
/** Fibers of a run that are not done, the handler's included. */
export const MAX_FIBERS = 10_001;
/** Characters of their ids together: one record names all that a cancellation ends, and a stored row holds 2 MB. */
export const MAX_FIBER_IDS_LENGTH = 1_500_000;
/** How deep fibers may start fibers. */
export const MAX_FIBER_DEPTH = 100;
/** What a fiber costs the slice that starts it. */
export const FIBER_COST = { steps: 400, bytes: 2048 };
/** Lines that one slice may print, and the length of each in characters. */
export const MAX_LINES = 10_000;
export const MAX_LINE_LENGTH = 64 * 1024;

/** Characters of a run's status; longer ones are cut. */
export const MAX_STATUS_LENGTH = 200;
export const MAX_LABELS = 32;
export const MAX_LABEL_LENGTH = 200;
export const MAX_OUTPUTS = 100;
export const MAX_OUTPUT_BYTES = 64 * 1024;
/** Signals that one run takes: each is in its journal. */
export const MAX_SIGNALS = 10_000;
/** Of those that it keeps, as JSON: with its event they go to the run that it goes on as, in one stored row of 2 MB. */
export const MAX_KEPT_SIGNALS_BYTES = 768 * 1024;

export const MAX_FORM_FIELDS = 50;
export const MAX_FORM_OPTIONS = 200;
export const MAX_TITLE_LENGTH = 200;
export const MAX_PATTERN_LENGTH = 200;
/** How many may hold a lock together. */
export const MAX_LOCK_LIMIT = 1000;

export const DEFAULT_ATTEMPT_TIMEOUT_MS = 3600_000;
/** How long a job waits for a runner with its tags. */
export const QUEUE_TIMEOUT_MS = 24 * 3600_000;
/** Attempts that ended because their runner died do not count, up to this many. */
export const MAX_LOST_ATTEMPTS = 10;
export const MAX_ATTEMPTS = 1000;

/** Levels of lists and objects in what a function reports: a little less than a script's values may have. */
export const MAX_OUTCOME_DEPTH = 150;

/** Longest sleep, timeout or delay: ten years. */
export const MAX_DURATION_MS = 10 * 366 * 24 * 3600_000;
