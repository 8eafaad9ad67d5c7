import type { Command } from "commander";
import pc from "picocolors";
import type { EventReceipt } from "../../src/protocol/cloud-event.ts";
import type { ScheduleView } from "../../src/protocol/schedule.ts";
import { contextOf } from "../command.ts";
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
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const one = await client.post<ScheduleView>(`${pathOf(id)}/resume`);
      out.result(one, () => `${pc.green("✓")} ${one.id} fires ${nextText(one, Date.now())}`);
    });

  schedule
    .command("trigger")
    .description("fire it now")
    .argument("<schedule>", "WORKFLOW/NAME")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const receipt = await client.post<EventReceipt>(`${pathOf(id)}/trigger`);
      out.result(receipt, () => [`${pc.green("✓")} ${id} fired`, ...receiptLines(receipt)].join("\n"));
    });
}
