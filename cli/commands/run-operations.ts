// What an operator does to runs by hand: one at a time, or all that a filter finds.
import { type Command, InvalidArgumentError } from "commander";
import pc from "picocolors";
import type { JsonValue } from "../../src/protocol/json.ts";
import {
  type BulkAction,
  bulkActionSchema,
  type Operation,
  statesFor,
} from "../../src/protocol/operation.ts";
import type { RunSummary } from "../../src/protocol/run.ts";
import { searchFault } from "../../src/protocol/run-words.ts";
import type { Client } from "../client.ts";
import { contextOf } from "../command.ts";
import { CliError, EXIT_USAGE } from "../errors.ts";
import { printable } from "../output.ts";
import { addRunFilterOptions, type RunFilterOptions } from "../run-filter.ts";

const WHY = "why; kept with who it was";

function parseValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new InvalidArgumentError(`it is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

async function operate(command: Command, id: string, operation: Operation): Promise<void> {
  const { client, out } = contextOf(command);
  const { reason = "" } = command.opts<{ reason?: string }>();
  const summary = await client.post<RunSummary>(`/v1/runs/${encodeURIComponent(id)}/operations`, {
    body: { operation, reason },
  });
  const waits = summary.waitingFor === "" ? "" : `: ${printable(summary.waitingFor)}`;
  out.result(summary, () => `${pc.green("✓")} ${summary.workflow} is ${summary.state}${waits}`);
}

export function addRunOperationCommands(run: Command): void {
  const operation = (name: string, description: string) =>
    run.command(name).description(description).argument("<id>", "the run").option("--reason <text>", WHY, "");

  operation("pause", "let what is under way go on, and nothing new begin").action(
    (id: string, _: unknown, command: Command) => operate(command, id, { action: "pause" }),
  );
  operation("resume", "let a paused run go on").action((id: string, _: unknown, command: Command) =>
    operate(command, id, { action: "resume" }),
  );
  operation("retry", "make the next attempt now")
    .argument("[command]", "of this command; of all that wait for one, when it is left out")
    .action((id: string, at: string | undefined, _: unknown, command: Command) =>
      operate(command, id, { action: "retry", ...(at !== undefined && { command: at }) }),
    );
  operation("skip", "end a command as if there had been nothing to do")
    .argument("<command>", "its id, such as 0#3")
    .action((id: string, at: string, _: unknown, command: Command) =>
      operate(command, id, { action: "skip", command: at }),
    );
  operation("complete", "end a command with a result of your own")
    .argument("<command>", "its id, such as 0#3")
    .argument("<value>", "JSON: a call's outputs, an event", parseValue)
    .action((id: string, at: string, value: JsonValue, _: unknown, command: Command) =>
      operate(command, id, { action: "complete", command: at, value }),
    );
  operation("fail", "end a command with an error, which the script may catch")
    .argument("<command>", "its id, such as 0#3")
    .option("--code <code>", "the error's code", "FailedByOperator")
    .option("--message <text>", "the error's message", "")
    .action(
      (id: string, at: string, { code, message }: Record<"code" | "message", string>, command: Command) =>
        operate(command, id, { action: "fail", command: at, code, message }),
    );
  addForkCommand(run, "fork", "begin another run where this one was");
  addForkCommand(run, "restart", "end a run, and do it again from a command");
  addBulkCommand(run);
}

function addForkCommand(run: Command, name: "fork" | "restart", description: string): void {
  run
    .command(name)
    .description(description)
    .argument("<id>", "the run")
    .argument(
      "[command]",
      "the first command to repeat, such as 0#3; the one it failed with when it is left out",
    )
    .option("--current", "on the version of the workflow that is registered now")
    .option("--reason <text>", WHY, "")
    .action(
      async (
        id: string,
        at: string | undefined,
        options: { current?: boolean; reason: string },
        command: Command,
      ) => {
        const { client, out } = contextOf(command);
        const summary = await client.post<RunSummary>(`/v1/runs/${encodeURIComponent(id)}/forks`, {
          body: {
            ...(at !== undefined && { command: at }),
            program: options.current ? "current" : "same",
            restart: name === "restart",
            reason: options.reason,
          },
        });
        out.result(
          summary,
          () => `${pc.green("✓")} ${summary.id} goes on from ${at ?? "what failed"}: ${summary.state}`,
        );
      },
    );
}

interface BulkOptions extends RunFilterOptions {
  all?: boolean;
  dryRun?: boolean;
  current?: boolean;
  reason: string;
}

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

function addBulkCommand(run: Command): void {
  const bulk = run
    .command("bulk")
    .description(
      "do one thing to all runs that a filter finds, of those that are not over; restart those that have failed",
    )
    .argument("<action>", bulkActionSchema.options.join(", "), parseAction);
  addRunFilterOptions(bulk)
    .option("--all", "to every run, where no filter is given")
    .option("--dry-run", "only say which runs they are")
    .option("--current", "restart on the version of the workflow that is registered now")
    .option("--reason <text>", WHY, "")
    .action(async (action: BulkAction, options: BulkOptions, command: Command) => {
      const { client, out } = contextOf(command);
      const { reason, all = false, dryRun = false, current = false, ...filter } = options;
      if (current && action !== "restart") {
        throw new CliError("--current is for restart: nothing else begins a run", { exitCode: EXIT_USAGE });
      }
      if (!all && Object.keys(filter).length === 0) {
        throw new CliError("this would be every run there is: say which ones, or --all", {
          exitCode: EXIT_USAGE,
        });
      }
      const fault = filter.text === undefined ? undefined : searchFault(filter.text);
      if (fault !== undefined) throw new CliError(`--text: ${fault}`, { exitCode: EXIT_USAGE });
      if (dryRun) {
        const found = (await runsOf(client, { state: [...statesFor(action)], ...filter })).filter(
          // A parent was told how they ended: they refuse, unless they are asked for as its children.
          ({ parent }) => action !== "restart" || !parent || filter.parent !== undefined,
        );
        out.result(found, () =>
          [...found.map(oneLine), `${action} would be for ${counted(found.length)}`].join("\n"),
        );
        return;
      }
      const program = current ? "current" : "same";
      const { total, failure } = await operateAll(client, { action, program, reason, filter, all });
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

interface BulkRequest {
  action: BulkAction;
  program: "same" | "current";
  reason: string;
  filter: RunFilterOptions;
  all: boolean;
}

/** Page by page. Where a later page fails, what has been done until then is answered with the failure. */
async function operateAll(
  client: Client,
  request: BulkRequest,
): Promise<{ total: Omit<BulkAnswer, "next">; failure?: { cause: unknown } }> {
  const total: Omit<BulkAnswer, "next"> = { done: [], refused: [] };
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    let answer: BulkAnswer;
    try {
      answer = await client.post("/v1/runs/operations", {
        body: { ...request, ...(cursor !== undefined && { cursor }) },
      });
    } catch (cause) {
      if (cursor === undefined) throw cause;
      return { total, failure: { cause } };
    }
    total.done.push(...answer.done);
    total.refused.push(...answer.refused);
    if (answer.restarted) total.restarted = [...(total.restarted ?? []), ...answer.restarted];
    cursor = answer.next;
  }
  return { total };
}

/** All runs of the filter, newest first. */
async function runsOf(client: Client, filter: RunFilterOptions): Promise<RunSummary[]> {
  const found: RunSummary[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page: { runs: RunSummary[]; next?: string } = await client.get("/v1/runs", {
      query: { ...filter, limit: 500, ...(cursor !== undefined && { cursor }) },
    });
    found.push(...page.runs);
    cursor = page.next;
  }
  return found;
}

function oneLine({ id, workflow, state, waitingFor }: RunSummary): string {
  return printable(`${id}  ${workflow}  ${state}${waitingFor === "" ? "" : `: ${waitingFor}`}`);
}

function counted(runs: number): string {
  return `${runs} ${runs === 1 ? "run" : "runs"}`;
}
