// Records a golden history of each workflow of the corpus that has none yet: `node test/golden/record.ts`. Those that
// are there are never recorded again: that they still replay is what the promise of docs/journal.md means.
import { existsSync, writeFileSync } from "node:fs";
import { HISTORY_FORMAT, historyHeadSchema } from "../../src/protocol/history.ts";
import type { CommandId, RunId } from "../../src/protocol/ids.ts";
import { forkedRecords, historyText } from "../../src/workflow/index.ts";
import { corpus } from "../workflow/corpus.ts";
import { handlerOf, ScriptedHost, sourcesOf } from "../workflow/scripted-host.ts";

function record(name: string, play: () => ScriptedHost): void {
  const file = new URL(`${name.replace(/\W+/g, "-")}.ndjson`, import.meta.url);
  if (existsSync(file)) return;
  const { workflow, start: run, records } = play();
  const sources = sourcesOf.get(workflow);
  if (!sources) return;
  const program = { digest: workflow.digest, ...sources };
  const head = historyHeadSchema.parse({ history: HISTORY_FORMAT, run, program });
  writeFileSync(file, historyText({ head, records }));
  console.log(`recorded ${name}: ${records.length} records`);
}

/** A run that begins inside two locks that the run before it held, and has to wait for its place as well. */
function begunInsideLocks(): ScriptedHost {
  const workflow = handlerOf(`
    def deploy():
        return w.run(step = "a.example/deploy@v1")["done"]
    return w.lock("deploy/production", lambda: w.lock("cluster", deploy, timeout = "5m"))
  `);
  const functions = () => ({ ok: { done: 1 } });
  const first = new ScriptedHost(workflow, { functions }).run();
  const origin = { run: first.start.id, digest: workflow.digest, by: "olga", reason: "once more" };
  const place = { action: "pause", place: true, by: "sluice", reason: "waiting for a place in deploy" };
  const forked = forkedRecords(first.records, "0.1.1#2" as CommandId, origin, first.now, place);
  if (!forked.ok) throw new Error(forked.error.message);
  const start = {
    id: `run_${"0".repeat(31)}2` as RunId,
    continues: { run: first.start.id, how: "forked" } as const,
  };
  const host = new ScriptedHost(workflow, { functions, start });
  host.records.push(...forked.value);
  host.feed({ type: "begin_again" });
  host.feed({ type: "place_answered", answer: { isGranted: true } });
  return host.goOn();
}

for (const { name, workflow, script } of corpus) record(name, () => new ScriptedHost(workflow, script).run());
record("begun inside locks", begunInsideLocks);
