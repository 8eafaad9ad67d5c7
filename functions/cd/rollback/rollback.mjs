import { answer, Failure, inputs, main } from "../lib/answer.mjs";
import { change, historyOf, urlOf } from "../lib/target.mjs";

/** The newest release before the live one that was deployed and ran something else. */
function earlier(history) {
  const live = history.at(-1);
  return history.findLast(
    ({ number, action, revision }) =>
      number < (live.restores ?? live.number) && action === "deploy" && revision !== live.revision,
  );
}

await main(async () => {
  const { app } = inputs;
  const { release, isRepeat } = await change(app, (history) => {
    if (history.length === 0) throw new Failure("UnknownApp", `${app} was never deployed here`);
    if (history.at(-1).action === "withdraw") return null;
    const previous = earlier(history);
    // Without an earlier release the way back from a bad one is to run none.
    return previous
      ? { revision: previous.revision, action: "rollback", restores: previous.number }
      : { revision: "", action: "withdraw" };
  });
  const history = await historyOf(app);
  const from = history.find(({ number }) => number === release.number - 1)?.revision ?? "";
  console.log(
    `${app} ${isRepeat ? "was" : "is"} rolled back from ${from} to ${release.revision || "no release at all"}`,
  );
  answer({ revision: release.revision, rolled_back_from: from, url: urlOf(app) });
});
