import { answer, Failure, inputs, main } from "../lib/answer.mjs";
import { labelsOf, probe, readSamples } from "../lib/metrics.mjs";
import { asksAbout, evaluateQuery, parseQuery } from "../lib/query.mjs";
import { appsOnTarget } from "../lib/target.mjs";

await main(async () => {
  const query = parseQuery(inputs.query);
  for (const app of await appsOnTarget()) {
    if (asksAbout(query, labelsOf(app))) await probe(app);
  }
  const value = evaluateQuery(query, await readSamples(), Date.now());
  // No data is no good news: what nobody measures may be anything.
  if (value === undefined || !Number.isFinite(value)) {
    throw new Failure("NoData", `there is no data for ${inputs.query}`, true);
  }
  const breached = value > inputs.threshold;
  console.log(
    `${inputs.query} is ${value}, ${breached ? "above" : "within"} the threshold ${inputs.threshold}`,
  );
  answer({ value, breached });
});
