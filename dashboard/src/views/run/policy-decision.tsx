// What policy decided about a call, why, and what it saw.
import type { JsonObject } from "../../../../src/protocol/json.ts";
import { Tree } from "../../parts/tree.tsx";

const said: Record<string, string> = {
  execute: "Policy let it run",
  hold: "Policy held it for a person",
  reject: "Policy rejected it",
};
const tones: Record<string, string> = { execute: "good", hold: "held", reject: "bad" };

export function PolicyDecision({ data }: { data: JsonObject }) {
  const verdict = String(data.verdict);
  const reasons = Array.isArray(data.reasons) ? data.reasons.map(String) : [];
  return (
    <div>
      <span className={`state tone-${tones[verdict] ?? "over"}`}>{verdict}</span> {said[verdict] ?? verdict}
      {reasons.length > 0 && (
        <ul className="reasons">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <Tree name="what policy saw" value={data.input ?? null} isOpen={false} />
      <p className="quiet small">
        Bundle <span className="mono">{String(data.bundle ?? "").slice(0, 12)}</span>, trust{" "}
        {String(data.trustScore ?? "unknown")}
      </p>
    </div>
  );
}
