// The workflows of a folder, registered when the local server starts and again whenever a file is saved.
import { readdirSync, watch } from "node:fs";
import { basename, join } from "node:path";
import type { WorkflowView } from "../../src/protocol/workflow.ts";
import type { Client } from "../client.ts";
import { readWorkflow, workflowFiles } from "../workflow-files.ts";

/** Editors write a file in several steps. */
const QUIET_MS = 150;

/** What came of one file; `error` where it was refused, and then the version before stays registered. */
export type Registration = { file: string } & ({ name: string; version: number } | { error: Error });

/** Registers every workflow of the folder. One that is wrong keeps none of the others from their place. */
export async function registerWorkflows(client: Client, folder: string): Promise<Registration[]> {
  const registrations: Registration[] = [];
  for (const path of workflowFiles(folder)) {
    const file = basename(path);
    try {
      const { name, input } = readWorkflow(path);
      const { version } = await client.put<WorkflowView>(`/v1/workflows/${encodeURIComponent(name)}`, {
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
  let timer: NodeJS.Timeout | undefined;
  let registering: Promise<void> = Promise.resolve();
  const register = async () => {
    const registrations = await registerWorkflows(client, folder);
    for (const one of registrations) if (last.get(one.file) !== told(one)) tell(one);
    last = new Map(registrations.map((one) => [one.file, told(one)]));
  };
  const hear = (_change: string, name: string | null) => {
    if (name !== null && !/\.star$|^sluice\.lock$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      registering = registering.then(register).catch((error: Error) => tell({ file: folder, error }));
    }, QUIET_MS);
  };
  // Folder by folder: Node's recursive watch loses a file on Linux when an editor puts another in its place.
  const watchers = [folder, ...foldersBelow(folder)].map((one) => watch(one, hear));
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

function foldersBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

function told(one: Registration): string {
  return "error" in one ? one.error.message : `version ${one.version}`;
}
