// One approval: what is asked, why policy asks, and the decision.
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Approval } from "../../api/client.ts";
import { ApiError, answered, api } from "../../api/client.ts";
import { giveNotice } from "../../parts/notices.tsx";
import { Problem } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Ago } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";
import { useMay, useSubject } from "../../session.ts";

export function ApprovalCard({ approval, isInRun = false }: { approval: Approval; isInRun?: boolean }) {
  const isPending = approval.state === "pending";
  return (
    <article
      className={isPending ? "card asked is-pending" : "card asked"}
      aria-label={`Approval of ${approval.function}`}
    >
      <header>
        {isPending ? (
          <span className="state tone-held">needs approval</span>
        ) : (
          <State state={approval.state} />
        )}
        <strong>{subjectOf(approval)}</strong>
        {approval.environment && <span>→ {approval.environment}</span>}
        <span className="quiet">
          asked <Ago at={approval.openedAt} />
        </span>
        {!isInRun && (
          <Link to="/runs/$id" params={{ id: approval.run }}>
            Run of {approval.workflow}
          </Link>
        )}
      </header>
      <ul className="reasons">
        {approval.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <p className="quiet small">
        <span className="mono">{approval.function}</span>, trust {approval.trustScore}; started by{" "}
        {approval.initiator}
      </p>
      <Tree name="inputs" value={approval.inputs} isOpen={isPending} />
      {isPending ? <Decide approval={approval} /> : <Decided approval={approval} />}
    </article>
  );
}

function Decided({ approval: { state, resolvedBy, resolvedAt, comment } }: { approval: Approval }) {
  if (!resolvedBy) return null;
  return (
    <p>
      {state} by {resolvedBy} {resolvedAt !== undefined && <Ago at={resolvedAt} />}
      {comment && <q>{comment}</q>}
    </p>
  );
}

/** What would be deployed, where the inputs say so; otherwise what would be called. */
function subjectOf({ inputs, function: reference }: Approval): string {
  const { app, revision } = (inputs ?? {}) as { app?: unknown; revision?: unknown };
  if (typeof app !== "string") return reference;
  return typeof revision === "string" ? `${app} ${revision}` : app;
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
      if (refused instanceof ApiError && refused.code === "already_resolved") {
        // The card goes with the decision that counted.
        giveNotice(`Your decision did not count: ${refused.message}.`);
      } else setError(refused);
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
