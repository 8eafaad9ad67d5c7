// Faults put into the source on purpose, each of which breaks one of the invariants of docs/replay.md. The simulation
// has to find every one of them: a check that finds none of its faults checks nothing.
import type { Mutation } from "./bundle.ts";

export interface NamedMutation extends Mutation {
  /** What is broken, as a sentence. */
  name: string;
  /** The invariant of docs/replay.md, "What must hold". */
  invariant: 1 | 2 | 3 | 4;
  /** The first seed to try, where the ones before it are known to find nothing. Default 1. */
  from?: number;
}

const run = "durable-objects/workflow-run/run-host.ts";
const router = "durable-objects/job-router.ts";
const jobState = "src/jobs/job-state.ts";
const outbox = "src/storage/outbox.ts";

export const mutations: readonly NamedMutation[] = [
  {
    name: "the journal forgets what policy decided",
    invariant: 1,
    file: "durable-objects/workflow-run/journal.ts",
    find: "of rowsOf(records)) {",
    replace: 'of rowsOf(records.filter((one) => one.type !== "noted" || one.note !== "policy_decision"))) {',
  },
  {
    name: "a command is recorded with other arguments than it was called with",
    invariant: 1,
    file: "durable-objects/workflow-run/journal.ts",
    find: "of rowsOf(records)) {",
    replace:
      'of rowsOf(records.map((one) => one.type === "scheduled" && one.kind === "sleep" ? { ...one, args: {}, digest: "" } : one))) {',
  },
  {
    name: "a run that is started again begins again",
    invariant: 2,
    file: "durable-objects/workflow-run.ts",
    find: "this.#host.resume();\n      return;",
    replace: "this.#host.resume();",
  },
  {
    name: "a job that is enqueued again is a new job",
    invariant: 2,
    file: router,
    find: "if (this.#jobs.get(job.id)) return;",
    replace: 'if (this.#jobs.get(job.id)) job = { ...job, id: job.id.concat("-again") as typeof job.id };',
  },
  {
    name: "an outcome counts whatever lease it comes with",
    invariant: 2,
    file: jobState,
    find: 'if ((job.state !== "handed_over" && job.state !== "running") || job.lease !== completion.lease) {',
    replace: 'if (job.state === "queued") {',
  },
  {
    name: "an outcome of an earlier attempt is taken for the current one's",
    invariant: 2,
    file: "src/workflow/commands/run/attempts.ts",
    find: 'if (call.phase.is !== "attempting" || call.attempt !== end.attempt) return;',
    replace: "",
  },
  {
    name: "an event that comes twice is two events",
    invariant: 2,
    file: "durable-objects/event-bus/arrivals.ts",
    find: "return this.#repeated(event) ?? this.#takeNew(event, initiator, now);",
    replace:
      "return this.#takeNew(this.#repeated(event) ? { ...event, id: crypto.randomUUID() } : event, initiator, now);",
  },
  {
    name: "a lock is granted to one more than may hold it",
    invariant: 2,
    file: "src/environments/lock-queue.ts",
    find: "if (held + granted >= limit) break;",
    replace: "if (held + granted > limit) break;",
  },
  {
    name: "a message that fails once is forgotten",
    invariant: 3,
    file: outbox,
    find: "this.#failed(row, error);\n      return false;",
    replace:
      "this.#answered.push(row.id);\n      this.#answeredUpTo.set(row.receiver, row.id);\n      return true;",
  },
  {
    name: "a message is deleted before it is answered",
    invariant: 3,
    file: outbox,
    find: "const answer = await Promise.race([this.#deliver(message), givenUp]);",
    replace:
      'this.#sql.exec("DELETE FROM outbox WHERE id = ?", row.id);\n      const answer = await Promise.race([this.#deliver(message), givenUp]);',
  },
  {
    name: "a run that is asked does not say which one goes on in its place",
    invariant: 2,
    from: 2001214,
    file: "src/events/starts.ts",
    find: "      if (successor !== undefined) this.continued(run, successor, now);",
    replace: "",
  },
  {
    name: "a repeated start leaves untold what the first did not get to tell",
    invariant: 3,
    from: 21,
    file: "durable-objects/workflow-run.ts",
    find: "this.#outbox.takeBack();",
    replace: "",
  },
  {
    name: "a wait does not look back at what has arrived",
    invariant: 3,
    file: "durable-objects/event-bus/wait-deliveries.ts",
    find: "this.#waits.insert(open, Date.now());\n    this.#lookBack(open);",
    replace: "this.#waits.insert(open, Date.now());",
  },
  {
    name: "an accepted outcome is not told to the run",
    invariant: 3,
    file: router,
    find: "this.#tellFinished(job, outcome, state.cause, state.resolved, sensitive);\n    this.#flush();",
    replace:
      'if ("ok" in outcome) this.#flush();\n    else this.#tellFinished(job, outcome, state.cause, state.resolved, sensitive);',
  },
  {
    name: "an older summary replaces a newer one",
    invariant: 3,
    file: "durable-objects/directory/run-rows.ts",
    find: "if (known && known.version >= run.version) return false;",
    replace: "",
  },
  {
    name: "what an actor promised to do after a crash has no alarm",
    invariant: 4,
    file: "src/storage/alarm.ts",
    find: "if (this.#armedAt !== undefined && this.#armedAt <= dueAt) return;",
    replace: "if (this.#armedAt !== undefined) return;",
  },
  {
    name: "after a restart a later alarm replaces an earlier one",
    invariant: 4,
    file: "src/storage/alarm.ts",
    find: "this.settle(Math.min(dueAt, earliest ?? dueAt));",
    replace: "this.settle(dueAt);",
  },
  {
    name: "nothing watches a question to policy",
    invariant: 4,
    from: 116,
    file: run,
    find: "this.#effects.watch(changes.effects);",
    replace: "",
  },
  {
    name: "a lease that runs out is nobody's concern",
    invariant: 4,
    file: router,
    find: 'this.#timers.set({ id, kind: "job", dueAt: due, data: null });',
    replace: 'if (state.state === "queued") this.#timers.set({ id, kind: "job", dueAt: due, data: null });',
  },
  {
    name: "a cancelled command leaves its approval open",
    invariant: 4,
    file: "src/workflow/commands/run/kind.ts",
    find: 'if (call.phase.is === "held") putApproval(turn, call.phase.approval);',
    replace: "",
  },
  {
    name: "a lock stays held when its block is over",
    invariant: 4,
    file: "src/workflow/commands/lock.ts",
    find: "begin: (turn, command) => releaseLock(turn, lockOf(command), command.name),",
    replace: "begin: () => undefined,",
  },
  {
    name: "timers fire but do not come back when their handler was cut off",
    invariant: 4,
    file: "src/storage/timers.ts",
    find: "for (const row of due) {\n      try {",
    replace:
      'for (const row of due) {\n      this.#sql.exec("DELETE FROM timers WHERE id = ?", row.id);\n      await new Promise((resolve) => setTimeout(resolve, 5));\n      try {',
  },
  {
    name: "a child that is asked for again is another child",
    invariant: 2,
    file: "durable-objects/start-workflow.ts",
    find: "const { source, id } = event;",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    replace: "event = { ...event, id: `${event.id} ${Date.now()}` };\n  const { source, id } = event;",
  },
  {
    name: "a form takes a second answer",
    invariant: 2,
    file: "src/workflow/commands/form.ts",
    find: 'input.type === "form_filled" && !isRepeated(command, input) ? formClosed(command) : undefined',
    replace: "undefined",
  },
  {
    name: "a schedule fires twice for each time",
    invariant: 2,
    file: "durable-objects/event-bus/schedules.ts",
    find: "const { seq } = this.#fireFor(",
    replace:
      "this.#fireFor(state, { schedule: id, time, firedAt: now, isLate, manual: String(time) }, id);\n      const { seq } = this.#fireFor(",
  },
  {
    name: "one run more than the limit gets a place",
    invariant: 2,
    from: 28,
    file: "src/events/places.ts",
    find: "newest.rule.limit - holders.length",
    replace: "newest.rule.limit + 1 - holders.length",
  },
  {
    name: "one run more than the rate limit gets a permit",
    invariant: 2,
    from: 19,
    file: "src/events/starts.ts",
    find: "this.#rows.grantedAt(scope, rateLimit.count)",
    replace: "this.#rows.grantedAt(scope, rateLimit.count + 1)",
  },
  {
    name: "what an operator ends by hand stays at work elsewhere",
    invariant: 2,
    from: 2,
    file: "src/workflow/operate.ts",
    find: "turn.end(command, given.outcome, given.facts);",
    replace: "turn.complete(command, given.outcome, given.facts);",
  },
  {
    name: "a Function that nobody waits for any more is not told to stop",
    invariant: 2,
    from: 2,
    file: "src/workflow/commands/run/attempts.ts",
    find: 'turn.effect({ kind: "cancel_job", job: jobId(turn.options.start.id, id, call.attempt) });',
    replace: "",
  },
  {
    name: "a runner is not told that its job is cancelled",
    invariant: 2,
    from: 125,
    file: router,
    find: "return ok({ cancel: state.cancelRequested, leaseExpiresAt: state.leaseUntil });",
    replace: "return ok({ cancel: false, leaseExpiresAt: state.leaseUntil });",
  },
  {
    name: "signals get lost when a run goes on as another",
    invariant: 3,
    from: 22,
    file: "src/workflow/end-run.ts",
    find: "signals: state.signals.pending,",
    replace: "signals: [],",
  },
  {
    name: "an event that comes to an open batch is lost",
    invariant: 3,
    from: 25,
    file: "src/events/starts.ts",
    find: "if (open) this.#rows.addEvent(open.run, added, now);\n    else this.#rows",
    replace: "if (!open) this.#rows",
  },
  {
    name: "a schedule lets every other time go",
    invariant: 3,
    file: "durable-objects/event-bus/schedules.ts",
    find: "nextTime: next?.time });",
    replace: "nextTime: next && next.time + (state.schedule.everyMs ?? 0) });",
  },
  {
    name: "a child does not tell its parent how it ended",
    invariant: 4,
    file: "src/workflow/end-run.ts",
    find: "if (!parent || continued || restarted) return;",
    replace: "if (parent || continued || restarted) return;",
  },
  {
    name: "a child goes on when nobody wants it any more",
    invariant: 4,
    file: "src/workflow/commands/start.ts",
    find: 'if (close !== "abandon")',
    replace: 'if (close === "abandon")',
  },
  {
    name: "a form that was answered stays listed",
    invariant: 4,
    file: "src/workflow/commands/form.ts",
    find: 'if (!wasRefused(command)) tell(turn, command, "closed");',
    replace: "",
  },
  {
    name: "a place is never given back",
    invariant: 4,
    file: "src/events/starts.ts",
    find: 'this.#rows.become(run, "finished", { reason: "", now });',
    replace: "return;",
  },
  {
    name: "nothing wakes a start that waits for a permit",
    invariant: 4,
    from: 9,
    file: "src/events/starts.ts",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    find: 'this.#timers.set({ id: `permit/${scope}`, kind: "permit", dueAt: freeAt, data: { scope } });',
    replace: "",
  },
  {
    name: "a fork does not begin what was under way",
    invariant: 4,
    from: 53,
    file: "src/workflow/run-machine.ts",
    find: "this.#toBegin.push(...[...this.#state.open.keys()].filter((id) => !this.#state.unbegun.has(id)));",
    replace: "",
  },
  {
    name: "what was called while a run was paused is never begun",
    invariant: 4,
    from: 9,
    file: "src/workflow/run-machine.ts",
    find: 'if (!refused && operation.action === "resume") this.#toBegin.push(...unbegun);',
    replace: "",
  },
  {
    name: "a wait of a run that is over opens again",
    invariant: 4,
    from: 21,
    file: "durable-objects/event-bus/wait-rows.ts",
    find: "`UPDATE waits SET seq = CASE state WHEN 'sent' THEN NULL ELSE seq END,\n         state = 'over', filter = NULL, match = NULL WHERE run = ?`",
    replace: '"DELETE FROM waits WHERE run = ?"',
  },
  {
    name: "a run that is told twice to end is not given the time to clean up",
    invariant: 2,
    file: "src/workflow/run-machine.ts",
    find: "if (terminate) {",
    replace: "if (terminate || cancelRequested) {",
  },
  {
    name: "a run that goes on for another has no place",
    invariant: 2,
    file: "src/events/starts.ts",
    find: "this.#rows.insert({ ...start, run: successor,",
    replace: "this.#rows.insert({ ...start, placeGroup: undefined, run: successor,",
  },
  {
    name: "a schedule that is to fire one after the other fires all at once",
    invariant: 2,
    from: 31,
    file: "src/workflow/declare/on-schedule.ts",
    find: '["queue", { mode: "queue", limit: 1 }],',
    replace: '["queue", undefined],',
  },
  {
    name: "urgent starts wait like all others",
    invariant: 3,
    from: 26,
    file: "src/events/places.ts",
    find: "b.priority - a.priority || sign",
    replace: "sign",
  },
  {
    name: "of changes that are written together, the last is lost",
    invariant: 3,
    file: "durable-objects/directory.ts",
    find: "for (const change of changes) this.#put(change);",
    replace: "for (const change of changes.length > 1 ? changes.slice(0, -1) : changes) this.#put(change);",
  },
  {
    name: "a run is restarted, and the one in its place is not told to begin",
    invariant: 3,
    file: "durable-objects/workflow-run/begin-fork.ts",
    find: "forked.outbox.add(restartMessage(request));",
    replace: "",
  },
  {
    name: "a run that is restarted after its end waits for no place",
    invariant: 4,
    file: "durable-objects/workflow-run/fork.ts",
    find: "const pause = waits ? pauseForPlace(trigger) : undefined;",
    replace: "const pause = undefined;",
  },
  {
    name: "a run that is restarted is not told that it has its place",
    invariant: 4,
    file: "src/events/starts.ts",
    find: "if (start.continues !== undefined) {\n      this.#ports.tellPlace(run, { isGranted: true });",
    replace: "if (start.continues !== undefined) {",
  },
];
