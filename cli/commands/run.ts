import type { Command } from "commander";
import pc from "picocolors";
import type { HistoryHead } from "../../src/protocol/history.ts";
import type { JournalRecord } from "../../src/protocol/journal.ts";
import type { Activity, LogLine, RunDetail, RunState, RunSummary } from "../../src/protocol/run.ts";
import type { StartView } from "../../src/protocol/start.ts";
import { historyText } from "../../src/workflow/index.ts";
import { type Client, idempotencyKey } from "../client.ts";
import { collect, contextOf, parseCount, parseJson, readText } from "../command.ts";
import { ago, type Output, printable, table } from "../output.ts";
import { firstOf, pages } from "../pages.ts";
import { addRunFilterOptions, type RunFilterOptions } from "../run-filter.ts";
import { runPath } from "../run-path.ts";
import { type StartOptions, startInput, terminal } from "../start-input.ts";
import { renderTimeline } from "../timeline.ts";
import { watchRun } from "../watch-run.ts";
import { waitingLine, watchStart } from "../watch-start.ts";
import { workflowPath } from "../workflow-path.ts";
import { addBulkCommand } from "./run-bulk.ts";
import { addRunOperationCommands } from "./run-operations.ts";

/** What `run start` is told of a start that has to wait. */
type Waiting = Pick<StartView, "state" | "reason" | "behind">;

const paint: Record<RunState, (text: string) => string> = {
  running: pc.cyan,
  waiting: pc.yellow,
  succeeded: pc.green,
  failed: pc.red,
  cancelled: pc.dim,
  stuck: pc.magenta,
};

/** What a run is at: why it is stuck, what it says itself, or what it waits for. */
function doing({ state, error, status, progress, waitingFor }: RunSummary): string {
  if (state === "stuck") return error?.message ?? "";
  const share = progress?.total ? `${Math.round((100 * progress.done) / progress.total)} %` : "";
  return [share, status, waitingFor].filter((part) => part).join(", ");
}

/** The run with all of its activities: those that one answer does not hold are read by pages. */
export async function wholeRun(client: Pick<Client, "get">, id: string): Promise<RunDetail> {
  const path = runPath(id);
  const { earlierActivities: earlier = 0, ...detail } = await client.get<RunDetail>(path);
  if (earlier === 0) return detail;
  const before: Activity[] = [];
  const ask = (after = 0) =>
    client.get<{ activities: Activity[]; next?: number }>(`${path}/activities`, {
      query: { after, limit: 1000 },
    });
  for await (const page of pages(ask)) {
    before.push(...page.activities);
    if (before.length >= earlier) break;
  }
  return { ...detail, activities: [...before.slice(0, earlier), ...detail.activities] };
}

/**
 * Shows the run until it is over, and those that go on in its place; with `--json`, only what the last has come to. The
 * exit code says how that one ended.
 */
async function follow(client: Client, run: { id: string; isNew: boolean }, out: Output): Promise<void> {
  const detail = await watchRun(client, run, out.json ? undefined : process.stdout);
  if (out.json) out.result(await wholeRun(client, detail.id), () => "");
  if (detail.state !== "succeeded") process.exitCode = 1;
}

export function addRunCommands(program: Command): void {
  const run = program.command("run").description("look at runs and stop them");

  addRunFilterOptions(run.command("list").description("list runs, newest first"))
    .option("--limit <n>", "how many", parseCount, 20)
    .action(async ({ limit, ...filter }: RunFilterOptions & { limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const runs = await firstOf(
        limit,
        (page) =>
          client.get<{ runs: RunSummary[]; next?: string }>("/v1/runs", { query: { ...filter, ...page } }),
        (page) => page.runs,
      );
      const now = Date.now();
      out.result(runs, () =>
        table(
          ["RUN", "WORKFLOW", "STATE", "DOING", "STARTED", "BY"],
          runs.map((r) => [
            r.id,
            r.workflow,
            paint[r.state](r.state),
            printable(doing(r)),
            ago(r.createdAt, now),
            printable(r.initiator),
          ]),
          Object.keys(filter).length > 0
            ? "No run matches."
            : "No runs yet: an event that matches a trigger starts one.",
        ),
      );
    });

  run
    .command("show")
    .description("show a run's timeline")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const detail = await wholeRun(client, id);
      out.result(detail, () =>
        renderTimeline(detail, Date.now(), Math.min(process.stdout.columns ?? 100, 120), { showsIds: true }),
      );
    });

  run
    .command("watch")
    .description(
      "follow a run, and those that it goes on as, until it is over; the exit code says how it ended",
    )
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      await follow(client, { id, isNew: false }, out);
    });

  run
    .command("log")
    .description("print a run's log")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const lines: LogLine[] = [];
      const ask = (after = 0) =>
        client.get<{ lines: LogLine[]; next?: number }>(`${runPath(id)}/log`, {
          query: { after, limit: 1000 },
        });
      for await (const page of pages(ask)) lines.push(...page.lines);
      out.result(lines, () =>
        lines
          .map(
            (line) =>
              `${pc.dim(`${new Date(line.at).toISOString().slice(11, 23)} ${line.command ?? ""}`)} ${printable(line.text)}`,
          )
          .join("\n"),
      );
    });

  run
    .command("start")
    .description("start a run of a workflow that declares on_start; in a terminal asks for what is missing")
    .argument("<workflow>")
    .option("--input <json>", "what to give it: JSON, @FILE, or - for standard input", parseJson)
    .option("--set <name=value>", "one of the inputs that it declares; can be repeated", collect, [])
    .option("--key <text>", "asked for again under the same key, it is the same run")
    .option("--watch", "follow it until it is over")
    .action(async (name: string, options: StartOptions, command: Command) => {
      const { client, out } = contextOf(command);
      const input = await startInput(client, name, options, out.json ? undefined : terminal());
      const started = await client.post<{ run: string; repeated: boolean; waiting?: Waiting }>(
        `${workflowPath(name)}/runs`,
        {
          body: input === undefined ? {} : { input },
          headers: idempotencyKey(options.key),
        },
      );
      if (!options.watch) {
        const before = started.repeated ? " (started before)" : "";
        const waits = started.waiting ? ` ${waitingLine(started.waiting)}` : "";
        out.result(started, () => `${pc.green("✓")} ${started.run}${before}${waits}`);
        return;
      }
      if (started.waiting) await watchStart(client, started.run, out.json ? undefined : process.stdout);
      await follow(client, { id: started.run, isNew: true }, out);
    });

  run
    .command("signal")
    .description("tell a run something: what w.wait_for_signal returns")
    .argument("<id>")
    .argument("<name>")
    .option("--data <json>", "what to tell it: JSON, @FILE, or - for standard input", parseJson)
    .option("--key <text>", "sent again under the same key, it counts once")
    .action(async (id: string, name: string, options: { data?: unknown; key?: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const path = `${runPath(id)}/signals/${encodeURIComponent(name)}`;
      const sent = await client.post<{ id: string }>(path, {
        body: options.data === undefined ? {} : { data: options.data },
        headers: idempotencyKey(options.key),
      });
      out.result(sent, () => `${pc.green("✓")} the run has ${printable(name)}`);
    });

  run
    .command("export")
    .description("print a run's history, for `sluice replay`: its program and its journal")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client } = contextOf(command);
      const head = await client.get<HistoryHead>(`${runPath(id)}/history`);
      process.stdout.write(historyText({ head, records: [] }));
      const ask = (after = 0) =>
        client.get<{ records: JournalRecord[]; next?: number }>(`${runPath(id)}/journal`, {
          query: { after, limit: 1000 },
        });
      for await (const { records } of pages(ask)) {
        process.stdout.write(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
      }
    });

  run
    .command("import")
    .description("bring the history of a finished run here, to look at it")
    .argument("<file>", "what `run export` wrote; - for standard input")
    .action(async (file: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const summary = await client.post<RunSummary>("/v1/runs/import", {
        rawBody: readText(file),
        headers: { "content-type": "application/x-ndjson" },
      });
      out.result(
        summary,
        () => `${pc.green("✓")} ${summary.id}: ${printable(summary.workflow)} had ${summary.state}`,
      );
    });

  run
    .command("cancel")
    .description("ask a run to stop; its deferred cleanup still runs")
    .argument("<id>")
    .option("--reason <text>", "why", "")
    .option("--terminate", "end it now, without cleanup")
    .action(async (id: string, options: { reason: string; terminate?: boolean }, command: Command) => {
      const { client, out } = contextOf(command);
      const summary = await client.post<RunSummary>(`${runPath(id)}/cancel`, {
        body: { reason: options.reason, terminate: options.terminate ?? false },
      });
      out.result(summary, () => `${pc.green("✓")} ${summary.workflow} is ${summary.state}`);
    });

  addRunOperationCommands(run);
  addBulkCommand(run);
}
