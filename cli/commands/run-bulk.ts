// What an operator does to many runs: to all that a filter finds, or to those that are named.
import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import { BULK_RUNS, type BulkAction, statesFor } from "../../src/protocol/bulk-action.ts";
import { bulkActionSchema, type ForkProgram } from "../../src/protocol/operation.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import { searchFault } from "../../src/protocol/run-words.ts";
import type { Client } from "../client.ts";
import { contextOf } from "../command.ts";
import { usageError } from "../errors.ts";
import { type Output, printable } from "../output.ts";
import { pages } from "../pages.ts";
import { addRunFilterOptions, type RunFilterOptions } from "../run-filter.ts";
import { WHY } from "./run-operations.ts";

interface BulkOptions extends RunFilterOptions {
  all?: boolean;
  dryRun?: boolean;
  current?: boolean;
  reason: string;
}

/** Which runs: all that a filter finds, or these. */
type Scope = { filter: RunFilterOptions; all: boolean } | { runs: readonly string[] };

interface BulkAnswer {
  done: string[];
  refused: { id: string; code: string; detail: string }[];
  /** Of a restart: what each goes on as. */
  restarted?: { id: string; as: string }[];
  next?: string;
}

function parseAction(text: string): BulkAction {
  const parsed = bulkActionSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`it is one of ${bulkActionSchema.options.join(", ")}`);
}

export function addBulkCommand(run: Command): void {
  const bulk = run
    .command("bulk")
    .description(
      "do one thing to all runs that a filter finds, of those that are not over; restart those that have failed",
    )
    .argument("<action>", bulkActionSchema.options.join(", "), parseAction)
    .argument("[runs...]", "to these, by their ids, instead of a filter");
  addRunFilterOptions(bulk)
    .option("--all", "to every run, where no filter is given")
    .option("--dry-run", "only say which runs a filter finds")
    .option("--current", "restart on the version of the workflow that is registered now")
    .option("--reason <text>", WHY, "")
    .action(async (action: BulkAction, runs: string[], options: BulkOptions, command: Command) => {
      const { reason, all = false, dryRun = false, current = false, ...filter } = options;
      const scope: Scope = runs.length > 0 ? { runs: [...new Set(runs)] } : { filter, all };
      checkRequest({ action, scope, options });
      const { client, out } = contextOf(command);
      if (dryRun) return await tellWhich(client, out, action, filter);
      const program = current ? "current" : "same";
      const { total, failure } = await operateAll(client, { action, program, reason }, scope);
      out.result(total, () =>
        [
          `${failure ? pc.red("✗") : pc.green("✓")} ${action}: ${counted(total.done.length)}`,
          ...(total.restarted ?? []).map(({ id, as }) => `  ${id} goes on as ${as}`),
          ...total.refused.map(({ id, detail }) => `${pc.yellow("!")} ${id}: ${printable(detail)}`),
        ].join("\n"),
      );
      if (failure) throw failure.cause;
      if (total.refused.length > 0) process.exitCode = 1;
    });
}

/** Throws CliError for what the server would refuse, and for what it would do to more runs than anybody meant. */
function checkRequest({
  action,
  scope,
  options: { current, reason: _, ...which },
}: {
  action: BulkAction;
  scope: Scope;
  options: BulkOptions;
}): void {
  if (current && action !== "restart")
    throw usageError("--current is for restart: nothing else begins a run");
  if ("runs" in scope) {
    const given = Object.keys(which).length > 0;
    if (given)
      throw usageError("runs are named instead of a filter: --all, --dry-run and filters have no place");
    return;
  }
  const { filter, all } = scope;
  if (!all && Object.keys(filter).length === 0) {
    throw usageError("this would be every run there is: say which ones, or --all");
  }
  const fault = filter.text === undefined ? undefined : searchFault(filter.text);
  if (fault !== undefined) throw usageError(`--text: ${fault}`);
}

/** What it would be done to, and nothing is. */
async function tellWhich(
  client: Client,
  out: Output,
  action: BulkAction,
  filter: RunFilterOptions,
): Promise<void> {
  const listed = await runsOf(client, { state: [...statesFor(action)], ...filter });
  // A parent was told how they ended: they refuse, unless they are asked for as its children.
  const refusesChildren = action === "restart" && filter.parent === undefined;
  const found = refusesChildren ? listed.filter(({ parent }) => !parent) : listed;
  out.result(found, () =>
    [...found.map(oneLine), `${action} would be for ${counted(found.length)}`].join("\n"),
  );
}

interface BulkRequest {
  action: BulkAction;
  program: ForkProgram;
  reason: string;
}

/** Part by part. Where a later part fails, what has been done until then is answered with the failure. */
async function operateAll(
  client: Client,
  request: BulkRequest,
  scope: Scope,
): Promise<{ total: Omit<BulkAnswer, "next">; failure?: { cause: unknown } }> {
  const total: Omit<BulkAnswer, "next"> = { done: [], refused: [] };
  const ask = (part: object) =>
    client.post<BulkAnswer>("/v1/runs/operations", { body: { ...request, ...part } });
  const answers =
    "runs" in scope ? named(scope.runs, ask) : pages((cursor?: string) => ask({ ...scope, cursor }));
  let isHeard = false;
  try {
    for await (const { done, refused, restarted } of answers) {
      isHeard = true;
      total.done.push(...done);
      total.refused.push(...refused);
      if (restarted) total.restarted = [...(total.restarted ?? []), ...restarted];
    }
  } catch (cause) {
    if (!isHeard) throw cause;
    return { total, failure: { cause } };
  }
  return { total };
}

async function* named<Answer>(
  runs: readonly string[],
  ask: (part: { runs: readonly string[] }) => Promise<Answer>,
): AsyncGenerator<Answer> {
  for (let at = 0; at < runs.length; at += BULK_RUNS) {
    yield await ask({ runs: runs.slice(at, at + BULK_RUNS) });
  }
}

/** All runs of the filter, newest first. */
async function runsOf(client: Client, filter: RunFilterOptions): Promise<RunSummary[]> {
  const found: RunSummary[] = [];
  const ask = (cursor?: string) =>
    client.get<{ runs: RunSummary[]; next?: string }>("/v1/runs", {
      query: { ...filter, limit: 500, cursor },
    });
  for await (const page of pages(ask)) found.push(...page.runs);
  return found;
}

function oneLine({ id, workflow, state, waitingFor }: RunSummary): string {
  return printable(`${id}  ${workflow}  ${state}${waitingFor === "" ? "" : `: ${waitingFor}`}`);
}

function counted(runs: number): string {
  return `${runs} ${runs === 1 ? "run" : "runs"}`;
}
