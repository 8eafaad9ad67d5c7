// How much the overview tells, so that pages know when there may be more.

/** As many approvals, and as many forms, as the overview gives at most: the newest. */
export const OVERVIEW_WAITING = 200;
