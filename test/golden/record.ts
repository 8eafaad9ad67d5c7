// Records a golden history of each workflow of the corpus that has none yet: `node test/golden/record.ts`. Those that
// are there are never recorded again: that they still replay is what the promise of docs/journal.md means.
import { existsSync, writeFileSync } from "node:fs";
import { HISTORY_FORMAT, historyHeadSchema } from "../../src/protocol/history.ts";
import { historyText } from "../../src/workflow/index.ts";
import { corpus } from "../workflow/corpus.ts";
import { ScriptedHost, sourcesOf } from "../workflow/scripted-host.ts";

for (const { name, workflow, script } of corpus) {
  const file = new URL(`${name.replace(/\W+/g, "-")}.ndjson`, import.meta.url);
  const sources = sourcesOf.get(workflow);
  if (existsSync(file) || !sources) continue;
  const { start: run, records } = new ScriptedHost(workflow, script).run();
  const program = { digest: workflow.digest, ...sources };
  const head = historyHeadSchema.parse({ history: HISTORY_FORMAT, run, program });
  writeFileSync(file, historyText({ head, records }));
  console.log(`recorded ${name}: ${records.length} records`);
}
