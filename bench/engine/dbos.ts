// DBOS: its library in this process, on a PostgreSQL of its own.
import { importFrom, type Peer } from "./peer.ts";
import { startPostgres } from "./postgres.ts";

interface Sdk {
  DBOS: {
    setConfig(config: Record<string, unknown>): void;
    registerWorkflow<F>(workflow: F, config?: { name: string }): F;
    runStep<T>(step: () => Promise<T>, config: { name: string }): Promise<T>;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

/** Says why it cannot, where it cannot. */
export async function startDbos(folder: string | undefined): Promise<Peer | string> {
  const sdk = await importFrom<Sdk>(folder, "@dbos-inc/dbos-sdk");
  if (!sdk) return "DBOS is not installed (see --peers): left out";
  const postgres = await startPostgres();
  if (!postgres) return "PostgreSQL is not installed, which DBOS needs: left out";
  const { DBOS } = sdk;
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: postgres.url,
    logLevel: "error",
    runAdminServer: false,
  });
  const workflow = DBOS.registerWorkflow(
    async (steps: number) => {
      for (let n = 0; n < steps; n++) await DBOS.runStep(async () => n, { name: `step ${n}` });
      return steps;
    },
    { name: "bench" },
  );
  await DBOS.launch();
  return {
    name: "DBOS on PostgreSQL, runStep",
    run: async (steps) => void (await workflow(steps)),
    async stop() {
      await DBOS.shutdown();
      await postgres.stop();
    },
  };
}
