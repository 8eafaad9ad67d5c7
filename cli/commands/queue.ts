import type { Command } from "commander";
import pc from "picocolors";
import type { QueuedView } from "../../src/protocol/job.ts";
import type { StartView } from "../../src/protocol/start.ts";
import { contextOf, parseCount } from "../command.ts";
import { ago, duration, printable, table } from "../output.ts";
import { firstOf } from "../pages.ts";

/** The jobs that wait with the same tags. */
interface Lane {
  tags: string[];
  length: number;
  next: QueuedView[];
}

export function addQueueCommands(program: Command): void {
  const queue = program.command("queue").description("runs that wait for their turn");

  queue
    .command("list")
    .description("list starts that wait, newest first")
    .option("--all", "also what has become of earlier ones")
    .option("--limit <n>", "how many", parseCount, 100)
    .action(async ({ all = false, limit }: { all?: boolean; limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const starts = await firstOf(
        limit,
        (page) => client.get<{ queue: StartView[]; next?: string }>("/v1/queue", { query: { all, ...page } }),
        (page) => page.queue,
      );
      const now = Date.now();
      out.result(starts, () =>
        table(
          ["WORKFLOW", "STATE", "PRIORITY", "WHY", "EVENTS", "SINCE", "NEXT", "RUN"],
          starts.map((one) => [
            one.workflow,
            one.state,
            String(one.priority),
            printable(one.reason),
            String(one.events),
            ago(one.createdAt, now),
            one.dueAt === undefined ? "" : `in ${duration(Math.max(0, one.dueAt - now))}`,
            one.run,
          ]),
          "Nothing waits.",
        ),
      );
    });

  queue
    .command("jobs")
    .description("list what waits for a runner: the first jobs for each set of tags, in their order")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { queue: lanes } = await client.get<{ queue: Lane[] }>("/v1/runners");
      const now = Date.now();
      out.result(lanes, () =>
        table(
          ["TAGS", "FUNCTION", "PRIORITY", "SINCE", "RUN"],
          lanes.flatMap(({ tags, length, next }) => [
            ...next.map((job) => [
              printable(tags.join(", ")),
              printable(job.function),
              String(job.priority),
              ago(job.queuedAt, now),
              job.run,
            ]),
            ...(length > next.length ? [["", pc.dim(`and ${length - next.length} more`), "", "", ""]] : []),
          ]),
          "No job waits for a runner.",
        ),
      );
    });

  queue
    .command("cancel")
    .description("take a start back that waits")
    .argument("<run>")
    .option("--reason <text>", "why", "")
    .action(async (run: string, options: { reason: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const start = await client.post<StartView>(`/v1/queue/${encodeURIComponent(run)}/cancel`, {
        body: options,
      });
      out.result(start, () => `${pc.green("✓")} ${start.run} will not start`);
    });
}
