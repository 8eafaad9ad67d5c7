import type { Command } from "commander";
import pc from "picocolors";
import type { EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { Backfilled, ScheduleView } from "../../src/protocol/schedule.ts";
import { idempotencyKey } from "../client.ts";
import { contextOf, INSTANT_FORMS, parseInstant } from "../command.ts";
import { CliError } from "../errors.ts";
import { ago, duration, printable, table, timeIn } from "../output.ts";
import { receiptLines } from "../receipt-lines.ts";

/** `/v1/schedules/<workflow>/<name>` from the id `<workflow>/<name>`. */
function pathOf(id: string): string {
  const [workflow = "", name = "", ...rest] = id.split("/");
  if (workflow === "" || name === "" || rest.length > 0) {
    throw new CliError(`"${id}" is no schedule: it is WORKFLOW/NAME, as \`sluice schedule list\` shows it`, {
      exitCode: 2,
    });
  }
  return `/v1/schedules/${encodeURIComponent(workflow)}/${encodeURIComponent(name)}`;
}

function timesText({ cron, everyMs, timezone }: ScheduleView): string {
  return cron === undefined ? `every ${duration(everyMs ?? 0)}` : `${cron} (${timezone})`;
}

function nextText({ next, paused }: ScheduleView, now: number): string {
  if (paused) return pc.yellow(`paused by ${printable(paused.by)}`);
  const [first] = next;
  return first === undefined ? "never" : `in ${duration(Math.max(0, first - now))}`;
}

function backfilledText(id: string, { fired, before }: Backfilled): string {
  if (fired.length + before.length === 0) return `${id} has no time in there`;
  const block = (time: number, what: string, receipt: EventReceipt) => [
    `${new Date(time).toISOString()} ${what}`,
    ...receiptLines(receipt),
  ];
  return [
    `${pc.green("✓")} ${id} fired for ${fired.length} of ${fired.length + before.length} times`,
    ...fired.flatMap(({ time, receipt }) => block(time, "fired", receipt)),
    ...before.flatMap(({ time, receipt }) => block(time, pc.dim("had fired before"), receipt)),
  ].join("\n");
}

export function addScheduleCommands(program: Command): void {
  const schedule = program.command("schedule").description("what starts by the clock");

  schedule
    .command("list")
    .description("list schedules and when they fire next")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { schedules } = await client.get<{ schedules: ScheduleView[] }>("/v1/schedules");
      const now = Date.now();
      out.result(schedules, () =>
        table(
          ["SCHEDULE", "TIMES", "NEXT", "LAST"],
          schedules.map((one) => [
            one.id,
            printable(timesText(one)),
            nextText(one, now),
            one.last === undefined ? "" : ago(one.last.time, now),
          ]),
          "No schedules: a workflow declares one with on_schedule(cron = …, handler = …).",
        ),
      );
    });

  schedule
    .command("show")
    .description("show a schedule and its next times")
    .argument("<schedule>", "WORKFLOW/NAME")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const one = await client.get<ScheduleView>(pathOf(id));
      const now = Date.now();
      out.result(one, () =>
        [
          `${pc.bold(one.id)}  ${printable(timesText(one))}`,
          `  backfill ${one.backfill}${one.jitterMs > 0 ? `, jitter up to ${duration(one.jitterMs)}` : ""}`,
          ...(one.paused
            ? [
                `  ${pc.yellow("paused")} by ${printable(one.paused.by)} ${ago(one.paused.at, now)} ${printable(one.paused.reason)}`,
              ]
            : one.next.map((time) => `  ${timeIn(one.timezone, time)}`)),
        ].join("\n"),
      );
    });

  schedule
    .command("pause")
    .description("let its times go until it is resumed")
    .argument("<schedule>", "WORKFLOW/NAME")
    .option("--reason <text>", "why", "")
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const one = await client.post<ScheduleView>(`${pathOf(id)}/pause`, { body: options });
      out.result(one, () => `${pc.green("✓")} ${one.id} is paused`);
    });

  schedule
    .command("resume")
    .description("go on with its next time")
    .argument("<schedule>", "WORKFLOW/NAME")
    .option("--reason <text>", "why", "")
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const one = await client.post<ScheduleView>(`${pathOf(id)}/resume`, { body: options });
      out.result(one, () => `${pc.green("✓")} ${one.id} fires ${nextText(one, Date.now())}`);
    });

  schedule
    .command("trigger")
    .description("fire it now")
    .argument("<schedule>", "WORKFLOW/NAME")
    .option("--key <text>", "asked for again under the same key, it fires nothing more")
    .action(async (id: string, { key }: { key?: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const receipt = await client.post<EventReceipt>(`${pathOf(id)}/trigger`, {
        headers: idempotencyKey(key),
      });
      const what = receipt.duplicate ? "had fired before" : "fired";
      out.result(receipt, () => [`${pc.green("✓")} ${id} ${what}`, ...receiptLines(receipt)].join("\n"));
    });

  schedule
    .command("backfill")
    .description(
      "fire it for times that have gone by, each once: at most 100, those fired for before included",
    )
    .argument("<schedule>", "WORKFLOW/NAME")
    .requiredOption("--from <time>", `for its times then or later: ${INSTANT_FORMS}`, parseInstant)
    .option("--to <time>", "only before then (default: now)", parseInstant)
    .action(async (id: string, range: { from: string; to?: string }, command: Command) => {
      const { client, out } = contextOf(command);
      const done = await client.post<Backfilled>(`${pathOf(id)}/backfill`, { body: range });
      out.result(done, () => backfilledText(id, done));
    });
}
