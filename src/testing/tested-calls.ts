// Policy and runners of one test: what calls come to, as the rules of `t.on_run` have it.
import type { LocalBuiltin, RunsBuiltin } from "../builtins/builtin.ts";
import { emit } from "../builtins/emit.ts";
import { log } from "../builtins/log.ts";
import { cancel, outcomeOf, signal } from "../builtins/runs.ts";
import type { CloudEvent } from "../protocol/cloud-event.ts";
import { BUILTIN_SCHEME } from "../protocol/function-reference.ts";
import type { JobId } from "../protocol/ids.ts";
import type { JobOutcome } from "../protocol/job.ts";
import type { Decision } from "../protocol/policy.ts";
import { ok } from "../protocol/result.ts";
import type { Effect, RunInput } from "../workflow/index.ts";
import { maskedRequest } from "../workflow/secrets/masked-effects.ts";
import { type Call, CallRules } from "./call-rules.ts";
import type { Stage } from "./stage.ts";
import type { TestedRequests } from "./tested-requests.ts";
import type { TestedRun } from "./tested-run.ts";

/** What a test needs no rule for: it touches nothing but the test's own world. */
const builtins: ReadonlyMap<string, LocalBuiltin | RunsBuiltin> = new Map<string, LocalBuiltin | RunsBuiltin>(
  Object.entries({ cancel, emit, log, signal }),
);

const TEST_BUNDLE = "sluice test";
const RUNNER_LOST: JobOutcome = {
  error: { code: "RunnerLost", message: "the runner stopped reporting" },
};

type CallBuiltin = Extract<Effect, { kind: "call_builtin" }>;
type JobRequest = Extract<Effect, { kind: "enqueue_job" }>["job"];

export class TestedCalls {
  readonly rules = new CallRules();
  /** Takes the end of a job off the agenda. */
  readonly #jobs = new Map<JobId, () => void>();
  readonly #stage: Stage;
  readonly #emit: (event: CloudEvent, by: string) => void;
  readonly #requests: TestedRequests;

  constructor(
    stage: Stage,
    { emitEvent, requests }: { emitEvent(event: CloudEvent, by: string): void; requests: TestedRequests },
  ) {
    this.#stage = stage;
    this.#emit = emitEvent;
    this.#requests = requests;
  }

  decide(run: TestedRun, effect: Extract<Effect, { kind: "decide" }>): void {
    const { command, round, reference, inputs, environment, approvals } = effect;
    const call: Call = { reference, inputs, environment };
    const rule = this.rules.find(call);
    const isApproved = approvals.at(-1)?.decision === "approve";
    const decision: Decision = { verdict: "execute", reasons: [], bundle: TEST_BUNDLE };
    if (rule && rule.rejects.length > 0)
      Object.assign(decision, { verdict: "reject", reasons: [...rule.rejects] });
    else if (rule && rule.holds.length > 0 && !isApproved)
      Object.assign(decision, { verdict: "hold", reasons: [...rule.holds] });
    const value = {
      decision,
      environment: environment ?? rule?.environment ?? null,
      trustScore: 1,
      input: {},
    };
    this.#stage.feed(run, { type: "policy_decided", command, round, result: ok(value) });
  }

  callBuiltin(run: TestedRun, effect: CallBuiltin): void {
    const { command, attempt, name, inputs } = effect;
    const reference = BUILTIN_SCHEME + name;
    const finish = (outcome: JobOutcome) =>
      this.#tell(run, { type: "builtin_finished", command, attempt, outcome });
    const builtin = builtins.get(name);
    if (!builtin || this.rules.find({ reference, inputs, environment: undefined })) {
      this.#answer({ reference, inputs, environment: undefined }, (outcome, takesMs) => {
        this.#stage.at(this.#stage.now + takesMs, () => finish(outcome === "lost" ? RUNNER_LOST : outcome));
      });
      return;
    }
    const { workspace, workflow, event } = run.start;
    const now = this.#stage.now;
    const call = { run: run.start.id, workspace, workflow, command, attempt, inputs, cause: event, now };
    if (builtin.kind === "runs") {
      const asked = builtin.request(call);
      if ("outcome" in asked) finish(asked.outcome);
      else {
        const request = maskedRequest(asked.request, run.machine.secrets);
        this.#requests.ask(request, {
          isWaiting: () => run.machine.pendingEffects().some((one) => isSameAttempt(one, effect)),
          answer: (answer) => finish(outcomeOf(request, answer)),
        });
      }
      return;
    }
    const done = builtin.perform(call);
    for (const text of done.log ?? []) run.log.push({ at: this.#stage.now, text });
    for (const emitted of done.events ?? []) {
      this.#emit(emitted, run.start.initiator);
    }
    finish(done.outcome);
  }

  runJob(run: TestedRun, job: JobRequest): void {
    const { command, attempt, reference, inputs, timeoutMs } = job;
    this.#answer({ reference, inputs, environment: job.environment }, (outcome, takesMs) => {
      this.#stage.feed(run, { type: "job_taken", command, attempt, runner: "test" });
      const finish = (ending: JobOutcome, cause: "completed" | "lost") =>
        this.#tell(run, { type: "job_finished", command, attempt, outcome: ending, cause });
      const happen = () => {
        this.#jobs.delete(job.id);
        if (takesMs > timeoutMs) finish(timedOut(timeoutMs), "completed");
        else if (outcome === "lost") finish(RUNNER_LOST, "lost");
        else finish(outcome, "completed");
      };
      this.#jobs.set(job.id, this.#stage.at(this.#stage.now + Math.min(takesMs, timeoutMs), happen));
    });
  }

  /** Lets the rules answer a call; one that none answers ends the test. */
  #answer(call: Call, then: (outcome: JobOutcome | "lost", takesMs: number) => void): void {
    const rule = this.rules.find(call);
    if (!rule) {
      const known = this.rules.references;
      const rules = known.length === 0 ? "there are no rules" : `the rules are for ${known.join(", ")}`;
      this.#stage.fail(
        "UnexpectedCall",
        `a run calls ${call.reference} with ${JSON.stringify(call.inputs)}, which no t.on_run answers (${rules})`,
      );
      return;
    }
    rule.answered.push(call.inputs);
    then(rule.outcome(call.inputs), rule.takesMs);
  }

  cancelJob(job: JobId): void {
    this.#jobs.get(job)?.();
    this.#jobs.delete(job);
  }

  #tell(run: TestedRun, input: RunInput): void {
    this.#stage.soon(() => this.#stage.feed(run, input));
  }
}

function isSameAttempt(one: Effect, { command, attempt }: CallBuiltin): boolean {
  return one.kind === "call_builtin" && one.command === command && one.attempt === attempt;
}

function timedOut(timeoutMs: number): JobOutcome {
  return { error: { code: "Timeout", message: `the function did not end within ${timeoutMs / 1000} s` } };
}
