// The workflows of a folder, registered when the local server starts and again whenever a file is saved.
import { basename } from "node:path";
import type { WorkflowView } from "../../src/protocol/workflow.ts";
import type { Client } from "../client.ts";
import { workflowFiles } from "../starlark-files.ts";
import { watchStarlark } from "../watch-starlark.ts";
import { readWorkflow } from "../workflow-files.ts";
import { workflowPath } from "../workflow-path.ts";

/** What came of one file; `error` where it was refused, and then the version before stays registered. */
export type Registration = { file: string } & ({ name: string; version: number } | { error: Error });

/** Registers every workflow of the folder. One that is wrong keeps none of the others from their place. */
export async function registerWorkflows(client: Client, folder: string): Promise<Registration[]> {
  const registrations: Registration[] = [];
  for (const path of workflowFiles(folder)) {
    const file = basename(path);
    try {
      const { name, input } = readWorkflow(path);
      const { version } = await client.put<WorkflowView>(workflowPath(name), {
        body: input,
      });
      registrations.push({ file, name, version });
    } catch (error) {
      registrations.push({ file, error: error as Error });
    }
  }
  return registrations;
}

/** Tells of each file whose registration differs from the last one. The answer ends it. */
export function followWorkflows(
  client: Client,
  folder: string,
  { known, tell }: { known: readonly Registration[]; tell: (changed: Registration) => void },
): () => void {
  let last = new Map(known.map((one) => [one.file, told(one)]));
  let registering: Promise<void> = Promise.resolve();
  const register = async () => {
    const registrations = await registerWorkflows(client, folder);
    for (const one of registrations) if (last.get(one.file) !== told(one)) tell(one);
    last = new Map(registrations.map((one) => [one.file, told(one)]));
  };
  return watchStarlark(folder, () => {
    registering = registering.then(register).catch((error: Error) => tell({ file: folder, error }));
  });
}

function told(one: Registration): string {
  return "error" in one ? one.error.message : `version ${one.version}`;
}
