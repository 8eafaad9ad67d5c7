import { setTimeout as sleep } from "node:timers/promises";
import { answer, Failure, inputs, main, progress } from "../lib/answer.mjs";
import { probe } from "../lib/metrics.mjs";
import { change, historyOf, isHealthy, urlOf } from "../lib/target.mjs";

async function becomesHealthy(app, revision) {
  const until = Date.now() + inputs.health_timeout_seconds * 1000;
  do {
    if (await isHealthy(app, revision)) return true;
    await sleep(200);
  } while (Date.now() < until);
  return false;
}

await main(async () => {
  const { app, revision, wait_healthy: mustBeHealthy } = inputs;
  if (revision === "") throw new Failure("InvalidRevision", "the revision is empty");
  progress(0, 3, "deploying");
  const { release, changed, isRepeat } = await change(app, (history) =>
    history.at(-1)?.revision === revision ? null : { revision, action: "deploy" },
  );
  const live = (await historyOf(app)).at(-1);
  if (isRepeat && live.number !== release.number) {
    throw new Failure(
      "Superseded",
      `an earlier attempt of this call deployed ${revision}, and ${live.revision || "nothing"} runs since: left as it is`,
    );
  }
  console.log(changed ? `${app} runs ${revision} now` : `${app} runs ${revision} already`);
  progress(1, 3, "checking health");
  const healthy = mustBeHealthy ? await becomesHealthy(app, revision) : await isHealthy(app, revision);
  if (mustBeHealthy && !healthy) {
    const { health_timeout_seconds: seconds } = inputs;
    throw new Failure("Unhealthy", `${app} did not become healthy at ${revision} within ${seconds} s`, true);
  }
  progress(2, 3, "measuring");
  await probe(app, revision);
  progress(3, 3, healthy ? "healthy" : "deployed");
  console.log(`${urlOf(app)} ${healthy ? "is healthy" : "is not healthy yet"}`);
  answer({ healthy, revision, url: urlOf(app), changed });
});
