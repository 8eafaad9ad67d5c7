import type { Command } from "commander";
import pc from "picocolors";
import type { Form } from "../../src/protocol/form.ts";
import type { JsonValue } from "../../src/protocol/json.ts";
import { collect, contextOf, parseCount, parseJson } from "../command.ts";
import { fieldLine, typedValues } from "../fields.ts";
import { ago, printable, table } from "../output.ts";
import { firstOf } from "../pages.ts";

function described(form: Form): string {
  const lines = [`${pc.bold(printable(form.title))}  ${form.state}  ${pc.dim(form.id)}`];
  if (form.description) lines.push(`  ${printable(form.description)}`);
  if (form.assignees.length > 0) lines.push(`  for ${printable(form.assignees.join(", "))}`);
  lines.push(...form.fields.map(fieldLine));
  for (const [name, value] of Object.entries(form.values ?? {})) {
    lines.push(`  ${pc.green("✓")} ${name} = ${printable(JSON.stringify(value))}`);
  }
  return lines.join("\n");
}

export function addFormCommands(program: Command): void {
  const form = program.command("form").description("answer what runs ask people");

  form
    .command("list")
    .description("list forms, those that wait by default")
    .option("--all", "closed ones too")
    .option("--limit <n>", "how many", parseCount, 100)
    .action(async ({ all, limit }: { all?: boolean; limit: number }, command: Command) => {
      const { client, out } = contextOf(command);
      const state = all ? undefined : "pending";
      const forms = await firstOf(
        limit,
        (page) => client.get<{ forms: Form[]; next?: string }>("/v1/forms", { query: { state, ...page } }),
        (page) => page.forms,
      );
      const now = Date.now();
      out.result(forms, () =>
        table(
          ["TITLE", "WORKFLOW", "FOR", "OPENED", "STATE", "ID"],
          forms.map((one) => [
            printable(one.title),
            one.workflow,
            printable(one.assignees.join(", ")),
            ago(one.openedAt, now),
            one.state,
            one.id,
          ]),
          "No run asks anything.",
        ),
      );
    });

  form
    .command("show")
    .description("show a form: its fields, and what was filled in")
    .argument("<id>")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const shown = await client.get<Form>(`/v1/forms/${encodeURIComponent(id)}`);
      out.result(shown, () => described(shown));
    });

  form
    .command("fill")
    .description("fill in a form")
    .argument("<id>")
    .option("--set <name=value>", "one field; can be repeated", collect, [])
    .option("--data <json>", "all fields as one object: JSON, @FILE, or - for standard input", parseJson)
    .action(async (id: string, options: { set: string[]; data?: JsonValue }, command: Command) => {
      const { client, out } = contextOf(command);
      const path = `/v1/forms/${encodeURIComponent(id)}`;
      const { fields } = await client.get<Form>(path);
      const values = {
        ...(options.data as Record<string, JsonValue> | undefined),
        ...typedValues(fields, options.set),
      };
      const filled = await client.post<Form>(path, { body: { values } });
      out.result(filled, () => `${pc.green("✓")} ${printable(filled.title)}`);
    });
}
