// The jobs this runner has, on disk: so that a runner that was killed and comes back can hand back at once what
// would otherwise wait for its leases to run out, and can deliver an outcome it had but did not get rid of.
import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { completeSchema, jobOutcomeSchema } from "../src/protocol/job.ts";

const leaseRecordSchema = z.object({
  id: z.string(),
  lease: z.string(),
  /** The process group that works on it. */
  group: z.number().int().optional(),
  /** Its outcome, once there is one. */
  outcome: jobOutcomeSchema.optional(),
  sensitive_outputs: completeSchema.shape.sensitive_outputs,
});
export type LeaseRecord = z.infer<typeof leaseRecordSchema>;

/** A token for this very process: a number alone may later be another's. */
async function identityOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The start time is field 22, counted behind the command's name, which may contain blanks and parentheses.
  const startTime = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${pid} ${startTime ?? ""}`.trim();
}

/** Removes the claim of a process that is gone; one that another process has made meanwhile is put back. */
async function removeStale(path: string, holder: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== holder) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

export class LeaseStore {
  readonly #dir: string;
  /** Writes happen one after the other, so that the last one asked for is the one that stays. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Opens the store in a folder and claims it for this process.
   *
   * @throws Error when another live runner has it
   */
  static async open(dir: string): Promise<LeaseStore> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, "runner.lock");
    const mine = (await identityOf(process.pid)) ?? String(process.pid);
    const draft = join(dir, `runner.lock.${process.pid}.${randomUUID()}`);
    await writeFile(draft, mine, { mode: 0o600 });
    try {
      for (let tries = 0; tries < 10; tries += 1) {
        // A link appears with its content or not at all: nobody ever reads half a claim.
        const isClaimed = await link(draft, path).then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            if (error.code === "EEXIST") return false;
            throw error;
          },
        );
        if (isClaimed) return new LeaseStore(dir);
        const holder = await readFile(path, "utf8").catch(() => undefined);
        if (holder === undefined) continue;
        const pid = Number.parseInt(holder, 10);
        if (pid > 0 && (await identityOf(pid)) === holder) {
          throw new Error(
            `a runner with this name already runs here (process ${pid}): stop it, or start this one with another --name`,
          );
        }
        await removeStale(path, holder);
      }
    } finally {
      await rm(draft, { force: true });
    }
    throw new Error(`${path} cannot be claimed: remove it if no runner uses it`);
  }

  #path(id: string): string {
    return join(this.#dir, `${encodeURIComponent(id)}.json`);
  }

  /** Writes the record whole or not at all. */
  async put(record: LeaseRecord): Promise<void> {
    const path = this.#path(record.id);
    await this.#inTurn(async () => {
      await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
      await rename(`${path}.new`, path);
    });
  }

  async remove(id: string): Promise<void> {
    await this.#inTurn(() => rm(this.#path(id), { force: true }));
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(write);
    this.#writing = written.catch(() => {});
    return written;
  }

  /** What an earlier process of this runner left. A record that cannot be read is of no use and is dropped. */
  async left(): Promise<LeaseRecord[]> {
    const records: LeaseRecord[] = [];
    for (const name of await readdir(this.#dir)) {
      const path = join(this.#dir, name);
      if (name.endsWith(".new")) await rm(path, { force: true });
      if (!name.endsWith(".json")) continue;
      try {
        records.push(leaseRecordSchema.parse(JSON.parse(await readFile(path, "utf8"))));
      } catch {
        await rm(path, { force: true });
      }
    }
    return records;
  }

  async close(): Promise<void> {
    await rm(join(this.#dir, "runner.lock"), { force: true });
  }
}
