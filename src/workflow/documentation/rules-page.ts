// The rules of the checker, as Markdown.
import { type Rule, rules } from "../check/rules.ts";

export function rulesPage(): string {
  const titles = { error: "Errors", warning: "Warnings", note: "Notes" };
  const all: [string, Rule][] = Object.entries(rules);
  return [
    "# Rules of `sluice workflow check`",
    "What the checker looks for, besides syntax, names and whatever registering a workflow would refuse. A comment silences a rule where it is meant that way: `# sluice: ignore[rule]`, at the end of the line or on a line of its own before it.",
    ...(["error", "warning", "note"] as const).flatMap((severity) => [
      `## ${titles[severity]}`,
      ...all
        .filter(([, rule]) => rule.severity === severity)
        .flatMap(([id, { title, help, isFixable }]) => [
          `### ${id}`,
          `${title}.`,
          `${help}${isFixable ? " `--fix` mends it." : ""}`,
        ]),
    ]),
  ].join("\n\n");
}
