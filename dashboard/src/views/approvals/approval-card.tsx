// One approval: what is asked, why policy asks, and the decision.
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Approval } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { Problem } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Ago } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";
import { useMay, useSubject } from "../../session.ts";

export function ApprovalCard({ approval, isInRun = false }: { approval: Approval; isInRun?: boolean }) {
  const isPending = approval.state === "pending";
  return (
    <article
      className={isPending ? "card approval is-pending" : "card approval"}
      aria-label={`Approval of ${approval.function}`}
    >
      <header>
        <State state={approval.state} />
        <strong>{approval.function}</strong>
        {approval.environment && <span>in {approval.environment}</span>}
        <span className="quiet">
          asked <Ago at={approval.openedAt} />
        </span>
        {!isInRun && (
          <Link to="/runs/$id" params={{ id: approval.run }}>
            Run of {approval.workflow}
          </Link>
        )}
      </header>
      <ul>
        {approval.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <p className="quiet">
        Started by {approval.initiator}. Trust of the function: {approval.trustScore}
      </p>
      <Tree name="inputs" value={approval.inputs} isOpen={isPending} />
      {isPending ? (
        <Decide approval={approval} />
      ) : (
        approval.resolvedBy && (
          <p>
            {approval.state} by {approval.resolvedBy}{" "}
            {approval.resolvedAt !== undefined && <Ago at={approval.resolvedAt} />}
            {approval.comment && `: ${approval.comment}`}
          </p>
        )
      )}
    </article>
  );
}

function Decide({ approval }: { approval: Approval }) {
  const client = useQueryClient();
  const [comment, setComment] = useState("");
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const mayDecide = useMay("operator");
  const isOwn = useSubject() === approval.initiator;
  if (!mayDecide) return <p className="quiet">An operator or administrator can decide this.</p>;
  if (isOwn) return <p className="quiet">You started this run: somebody else has to decide.</p>;

  const decide = async (decision: "approve" | "deny") => {
    setBusy(true);
    setError(undefined);
    try {
      await answered(
        api.POST("/v1/approvals/{id}", {
          params: { path: { id: approval.id } },
          body: { decision, comment },
        }),
      );
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
    void client.invalidateQueries({ queryKey: ["approvals"] });
  };
  return (
    <div className="decide">
      <input
        aria-label="Comment"
        placeholder="Comment, kept with the decision"
        maxLength={2000}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      <button
        type="button"
        className="button primary"
        disabled={isBusy}
        onClick={() => void decide("approve")}
      >
        Approve
      </button>
      <button type="button" className="button danger" disabled={isBusy} onClick={() => void decide("deny")}>
        Deny
      </button>
      {error !== undefined && <Problem error={error} />}
    </div>
  );
}
