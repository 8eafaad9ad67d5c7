/** A signal's data is part of the run's journal for good. */
export const MAX_SIGNAL_BYTES = 256 * 1024;
