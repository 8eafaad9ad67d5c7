// Asks policy about one call: which environment governs it, what that environment is like now, and the verdict.
//
// What the catalog said of a function holds for this run's next calls of it, for a second: a loop of calls that no
// environment governs is decided in one turn. Another run asks anew (docs/decisions/0013-decisions-in-one-turn.md),
// before it begins (docs/decisions/0025-asked-before-beginning.md).
import { freezesInForce } from "../../src/environments/freeze.ts";
import { matchesTarget } from "../../src/environments/target.ts";
import type { Target } from "../../src/protocol/environment.ts";
import {
  functionName,
  functionVersion,
  parseFunctionReference,
} from "../../src/protocol/function-reference.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Decision, PolicyInput } from "../../src/protocol/policy.ts";
import { ok, type Result } from "../../src/protocol/result.ts";
import type { Effect, PolicyAnswer } from "../../src/workflow/machine-types.ts";
import type { CatalogRpc, Governing } from "../rpc/catalog.ts";
import type { EnvironmentRpc } from "../rpc/environment.ts";
import type { StoredStart } from "./parts.ts";

export interface PolicyPorts {
  catalog: Pick<CatalogRpc, "governing">;
  environment(name: string): Pick<EnvironmentRpc, "view">;
  evaluate(input: PolicyInput): Promise<Decision>;
  /** Sees to it that calls can be decided at once. */
  load(): Promise<void>;
  /** The same as `evaluate` in this turn; undefined while that is not possible. */
  evaluateAtOnce(input: PolicyInput): Decision | undefined;
}

type Decide = Extract<Effect, { kind: "decide" }>;

/** What the catalog said of a function. */
interface Known {
  named: Named;
  trustScore: number;
  targets: Target[];
  sensitive: string[];
  /** ms since the epoch. */
  until: number;
}

/** How long what the catalog said is gone by. */
const KNOWN_FOR_MS = 1000;
/** Of so many functions. */
const MAX_KNOWN = 100;

export class Decisions {
  readonly #ports: PolicyPorts;
  /** What the catalog said of functions, by reference. */
  readonly #known = new Map<string, Known>();
  /** What it says of calls that are not decided yet, and until when that holds; ms since the epoch. */
  readonly #learned = new WeakMap<Decide, { governing: Promise<Result<Governing>>; until: number }>();
  /** Who asked last, and when, as policy reads it. */
  #asker: { run: StoredStart; caller: PolicyInput["caller"] } | undefined;
  #time = { now: 0, text: new Date(0).toISOString() };

  constructor(ports: PolicyPorts) {
    this.#ports = ports;
  }

  /**
   * The answer to a `decide` effect. Refuses what the catalog refuses (`ambiguous_environment`,
   * `unknown_environment`); throws when somebody could not be asked, which is worth another try.
   */
  async ask(run: StoredStart, call: Decide, now: number): Promise<Result<PolicyAnswer>> {
    const governing = await this.#governing(call, now);
    if (!governing.ok) return governing;
    const { trustScore, environment, sensitive } = governing.value;
    const described = environment === null ? null : await this.#described(environment, now);
    const input = this.#inputOf(run, call, named(call.reference), {
      trustScore,
      environment: described,
      now,
    });
    return ok(answer(input, { trustScore, sensitive }, await this.#ports.evaluate(input)));
  }

  /**
   * Asks the catalog about a call that is decided soon; whoever asks before it has answered waits for the same answer.
   * Throws when it could not be asked.
   */
  async learn(call: Decide, now: number): Promise<void> {
    await Promise.all([this.#learnGoverning(call, now), this.#ports.load()]);
  }

  async #learnGoverning(call: Decide, now: number): Promise<void> {
    const learned = { governing: this.#governing(call, now), until: Number.POSITIVE_INFINITY };
    this.#learned.set(call, learned);
    try {
      await learned.governing;
      learned.until = now + KNOWN_FOR_MS;
    } catch (error) {
      this.#learned.delete(call);
      throw error;
    }
  }

  async #governing(call: Decide, now: number): Promise<Result<Governing>> {
    const learned = this.#learned.get(call);
    if (learned && learned.until > now) return await learned.governing;
    const { reference, inputs, environment } = call;
    const governing = await this.#ports.catalog.governing({
      reference,
      inputs,
      ...(environment === undefined ? {} : { environment }),
    });
    if (governing.ok) this.#know(reference, governing.value, now + KNOWN_FOR_MS);
    return governing;
  }

  /** The same in this turn, for a call that no environment governs and whose function is known; else undefined. */
  askAtOnce(run: StoredStart, call: Decide, now: number): PolicyAnswer | undefined {
    const { reference, inputs, environment } = call;
    const known = this.#known.get(reference);
    if (environment !== undefined || known === undefined || known.until <= now) return undefined;
    const { name } = known.named;
    if (known.targets.some((target) => matchesTarget(target, { name, inputs }))) return undefined;
    const { trustScore } = known;
    const input = this.#inputOf(run, call, known.named, { trustScore, environment: null, now });
    const decision = this.#ports.evaluateAtOnce(input);
    return decision && answer(input, known, decision);
  }

  #know(reference: string, { trustScore, targets, sensitive }: Governing, until: number): void {
    if (!targets) {
      this.#known.delete(reference);
      return;
    }
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(reference, { named: named(reference), trustScore, targets, sensitive, until });
  }

  #inputOf(
    run: StoredStart,
    call: Decide,
    { reference, name, version }: Named,
    facts: { trustScore: number; environment: PolicyInput["environment"]; now: number },
  ): PolicyInput {
    if (this.#asker?.run !== run) this.#asker = { run, caller: callerOf(run) };
    const { inputs, approvals } = call;
    return {
      function: { reference, name, version, inputs, trust_score: facts.trustScore },
      environment: facts.environment,
      caller: this.#asker.caller,
      approvals,
      time: this.#timeOf(facts.now),
    };
  }

  /** The many calls of a turn are made at the same time. */
  #timeOf(now: number): string {
    if (now !== this.#time.now) this.#time = { now, text: new Date(now).toISOString() };
    return this.#time.text;
  }

  async #described(name: string, now: number): Promise<NonNullable<PolicyInput["environment"]>> {
    const view = await this.#ports.environment(name).view();
    // The catalog hears of a removal a moment later than the environment: asked again, it knows.
    if (!view.ok) throw new Error(`environment ${name} cannot be read: ${view.error.message}`);
    const { tier, risk, labels, freezes } = view.value;
    return {
      name,
      tier,
      risk,
      labels,
      freezes: freezesInForce(freezes, now).map(({ name, reason, to }) => ({ name, reason, to })),
    };
  }
}

function callerOf({ workflow, program, trigger, event, initiator, id }: StoredStart): PolicyInput["caller"] {
  return {
    workflow,
    digest: program.digest,
    trigger: trigger.id,
    event_source: event.source,
    event_type: event.type,
    initiator,
    run: id,
    emergency_bypass: event.sluicebypass === true,
  };
}

function answer(
  input: PolicyInput,
  { trustScore, sensitive }: Pick<Governing, "trustScore" | "sensitive">,
  decision: Decision,
): PolicyAnswer {
  const environment = input.environment?.name ?? null;
  return { decision, environment, trustScore, input: input as unknown as JsonObject, sensitive };
}

interface Named {
  reference: string;
  name: string;
  version: string | null;
}

function named(reference: string): Named {
  const parsed = parseFunctionReference(reference);
  // What is no reference still gets decided, as what it says: the router or the runner says what is wrong with it.
  if (!parsed.ok) return { reference, name: reference, version: null };
  return { reference, name: functionName(parsed.value), version: functionVersion(parsed.value) };
}
