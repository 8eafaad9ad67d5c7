// Generated deployments to an environment that is frozen now and then, and reports of how well they are.
import type { Random } from "./random.ts";

export const STAGING = "staging";
const APPS = ["shop", "cart"];
const MINUTE = 60_000;

export interface Deploy {
  app: string;
  revision: string;
  /** The Function that does it. */
  step: "ok" | "flaky" | "broken";
}

export interface Deployments {
  deploys: Deploy[];
  /** One after the other: how long before the next is declared, when it then begins, how long it is to last. */
  freezes: { afterMs: number; inMs: number; forMs: number; isLifted: boolean }[];
  /** How many reports of health there are. */
  reports: number;
  /** Of the chances that are taken while it goes on: they are no others' affair. */
  seed: number;
}

/** One at a time; where policy rejects it, it waits for the end of the freeze. What it waits for may be over already. */
export const DEPLOY = `
def deliver(w, data):
    inputs = {"tag": "deploy", "app": data["app"], "revision": data["revision"]}
    return w.run(step = "sim.example/" + data["step"] + "@v1", inputs = inputs, environment = "${STAGING}", retry = 8)

def deploy(w, ev):
    for _ in range(12):
        done = w.lock("deploy/${STAGING}", lambda: w.attempt(deliver, w, ev["data"]))
        if done.ok:
            return "deployed"
        if done.error.code != "PolicyRejected":
            return done.error.code
        w.wait_for_event(type = "dev.sluice.environment.thawed", match = {"subject": "${STAGING}"}, timeout = "30m")
    fail("it is frozen for ever")

on_event(type = "sim.deploy", handler = deploy)
`;

export function generateDeployments(random: Random): Deployments | undefined {
  if (!random.chance(0.3)) return undefined;
  return {
    deploys: Array.from({ length: random.between(3, 7) }, (_, index) => ({
      app: random.pick(APPS),
      revision: `r${index}`,
      step: random.pick(["ok", "ok", "ok", "flaky", "broken"] as const),
    })),
    freezes: Array.from({ length: random.between(1, 2) }, () => ({
      afterMs: random.between(1, 5) * MINUTE,
      inMs: random.between(-5, 5) * MINUTE,
      forMs: random.between(20, 60) * MINUTE,
      isLifted: random.chance(0.5),
    })),
    reports: random.between(0, 8),
    seed: random.next(),
  };
}
