import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import pc from "picocolors";
import type { EventReceipt, EventStory, StoredEvent } from "../../src/protocol/cloud-event.ts";
import { contextOf, parseCount, parseJson } from "../command.ts";
import { CliError } from "../errors.ts";
import { ago, printable, table } from "../output.ts";
import { firstOf } from "../pages.ts";
import { receiptLines, unmatchedLines } from "../receipt-lines.ts";

export function addEventCommands(program: Command): void {
  const event = program.command("event").description("send and look at events");

  event
    .command("send")
    .description("send a CloudEvent")
    .argument("<type>", "for example com.gitlab.cd.deploy_requested")
    .option("--data <json>", "its data: JSON, @FILE, or - for standard input")
    .option("--source <uri>", "where it comes from", "/sluice/cli")
    .option("--id <id>", "its id: the same id and source again change nothing (default: a new one)")
    .option("--subject <text>", "what it is about")
    .action(async (type: string, options: Record<string, string | undefined>, command: Command) => {
      const { client, out } = contextOf(command);
      const { events } = await client.post<{ events: EventReceipt[] }>("/v1/events", {
        headers: { "content-type": "application/cloudevents+json" },
        rawBody: JSON.stringify({
          specversion: "1.0",
          id: options.id ?? randomUUID(),
          source: options.source,
          type,
          time: new Date().toISOString(),
          ...(options.subject === undefined ? {} : { subject: options.subject }),
          ...(options.data === undefined
            ? {}
            : { datacontenttype: "application/json", data: parseJson(options.data) }),
        }),
      });
      const receipt = events[0];
      if (!receipt) throw new CliError("the server acknowledged no event");
      out.result(receipt, () =>
        [
          `${pc.green("✓")} event ${receipt.id}${receipt.duplicate ? pc.dim(" (known already)") : ""}`,
          ...receiptLines(receipt),
        ].join("\n"),
      );
    });

  event
    .command("list")
    .description("list the newest events")
    .option("--type <type>", "only of this type")
    .option("--limit <n>", "how many", parseCount, 20)
    .action(async ({ type, limit: most }: { type?: string; limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const events = await firstOf(
        most,
        ({ limit, cursor: before }) =>
          client.get<{ events: StoredEvent[]; next?: number }>("/v1/events", {
            query: { type, limit, before },
          }),
        (page) => page.events,
      );
      const now = Date.now();
      out.result(events, () =>
        table(
          ["NO", "TYPE", "SUBJECT", "SOURCE", "ID", "RECEIVED"],
          events.map(({ seq, event: e, receivedAt }) => [
            String(seq),
            printable(e.type),
            printable(e.subject ?? ""),
            printable(e.source),
            printable(e.id),
            ago(receivedAt, now),
          ]),
          "No events yet.",
        ),
      );
    });

  event
    .command("show")
    .description("show an event, and what has become of it")
    .argument("<no>", "its arrival number, as `sluice event list` shows it")
    .action(async (no: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const story = await client.get<EventStory>(`/v1/events/${encodeURIComponent(no)}`);
      const { event: e, receipt, starts, woken } = story;
      out.result(story, () =>
        [
          `${pc.bold(printable(e.type))} ${printable(e.subject ?? "")} ${pc.dim(printable(`${e.source} ${e.id}`))}`,
          `  received ${ago(story.receivedAt, Date.now())} from ${printable(story.initiator)}`,
          ...receiptLines({ ...receipt, woke: woken }),
          ...unmatchedLines(receipt),
          ...starts.map(
            ({ run, trigger, state, reason }) =>
              `  ${pc.bold("now")} ${trigger} ${pc.dim(run)} is ${state}${reason === "" ? "" : `: ${printable(reason)}`}`,
          ),
          JSON.stringify(e.data ?? null, null, 2),
        ].join("\n"),
      );
    });
}
