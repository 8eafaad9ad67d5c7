import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import pc from "picocolors";
import { type EnvironmentView, riskSchema, type Target, tierSchema } from "../../src/protocol/environment.ts";
import { collectPair, contextOf, splitPair } from "../command.ts";
import { ago, printable, table } from "../output.ts";

/** `gitlab.com/cd/*`, `app=*-production`, or both: `gitlab.com/cd/*,app=*-production`. */
function collectTarget(text: string, targets: Target[] = []): Target[] {
  const target: Target = { function: "*", inputs: {} };
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") throw new InvalidArgumentError(`"${text}" has an empty part`);
    if (!part.includes("=")) target.function = part;
    else {
      const [name, glob] = splitPair(part);
      target.inputs[name] = glob;
    }
  }
  return [...targets, target];
}

function targetText({ function: reference, inputs }: Target): string {
  const parts = Object.entries(inputs).map(([name, glob]) => `${name}=${glob}`);
  return (reference === "*" && parts.length > 0 ? parts : [reference, ...parts]).join(",");
}

export function addEnvironmentCommands(program: Command): void {
  const environment = program.command("env").description("create and list environments");

  environment
    .command("create")
    .description("create an environment, or replace its settings")
    .argument("<name>")
    .addOption(new Option("--tier <tier>", "what it is").choices(tierSchema.options).makeOptionMandatory())
    .addOption(new Option("--risk <risk>", "what is at stake").choices(riskSchema.options).default("medium"))
    .option("--label <name=value>", "a label, repeatable", collectPair)
    .option("--target <match>", "which calls touch it: FUNCTION-GLOB,INPUT=GLOB; repeatable", collectTarget)
    .action(
      async (
        name: string,
        options: { tier: string; risk: string; label?: Record<string, string>; target?: Target[] },
        command: Command,
      ) => {
        const { client, out } = contextOf(command);
        const view = await client.put<EnvironmentView>(`/v1/environments/${encodeURIComponent(name)}`, {
          body: {
            tier: options.tier,
            risk: options.risk,
            labels: options.label ?? {},
            targets: options.target ?? [],
          },
        });
        out.result(view, () => `${pc.green("✓")} environment ${view.name} (${view.tier}, ${view.risk} risk)`);
      },
    );

  environment
    .command("list")
    .description("list environments and what is deployed there")
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = contextOf(command);
      const { environments } = await client.get<{ environments: EnvironmentView[] }>("/v1/environments");
      const now = Date.now();
      out.result(environments, () =>
        table(
          ["NAME", "TIER", "RISK", "TARGETS", "DEPLOYED"],
          environments.map((e) => [
            e.name,
            e.tier,
            e.risk,
            printable(e.targets.map(targetText).join(" ")),
            printable(e.deployments.map((d) => `${d.app} ${d.revision} (${ago(d.at, now)})`).join(", ")),
          ]),
          "No environments yet: `sluice env create production --tier production --target 'app=*-production'`.",
        ),
      );
    });
}
