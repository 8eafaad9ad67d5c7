// What policy holds for a person, and what has been decided.
import { useQuery } from "@tanstack/react-query";
import { approvalsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { ApprovalCard } from "./approvals/approval-card.tsx";

export function Approvals() {
  const { data, error, refetch } = useQuery(approvalsQuery());
  const approvals = data?.approvals ?? [];
  const pending = approvals.filter(({ state }) => state === "pending");
  const decided = approvals.filter(({ state }) => state !== "pending");
  return (
    <Page title="Approvals">
      {error && <Problem error={error} retry={() => void refetch()} />}
      {data && pending.length === 0 && (
        <Empty title="Nothing waits for a decision.">
          <p>When policy holds a call, it appears here with everything needed to decide.</p>
        </Empty>
      )}
      {pending.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      {decided.length > 0 && <h2>Decided</h2>}
      {decided.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
    </Page>
  );
}
