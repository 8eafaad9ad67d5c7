// How those outside talk to actors: as clients with patience.
import type { Clock } from "./clock.ts";
import type { Cluster } from "./cluster.ts";
import type { Random } from "./random.ts";

export const BUS = "default/bus/0";
export const operator = { subject: "olivia", role: "operator", tokenId: "t1" };

export interface AskingPorts {
  cluster: Cluster;
  clock: Clock;
  random: Random;
}

/** Undefined when the call failed: whoever calls decides whether to call again. */
export async function attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch {
    return undefined;
  }
}

/** Asks until there is an answer. */
export async function ask<T>(ports: AskingPorts, ...call: Parameters<Cluster["call"]>): Promise<T> {
  for (;;) {
    const answer = await attempt(() => ports.cluster.call<T>(...call));
    if (answer !== undefined) return answer;
    await ports.clock.sleep(ports.random.between(100, 5000));
  }
}
