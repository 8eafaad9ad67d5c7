// What waits for a person, approvals and forms, and what has been decided.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { allApprovalsQuery, approvalsQuery, formsQuery } from "../api/queries.ts";
import { Empty } from "../parts/empty.tsx";
import { Page } from "../parts/page.tsx";
import { Problem } from "../parts/problem.tsx";
import { ApprovalCard } from "./approvals/approval-card.tsx";
import { FormCard } from "./approvals/form-card.tsx";

export function Approvals() {
  const { data, error, refetch } = useQuery(approvalsQuery);
  const all = useInfiniteQuery(allApprovalsQuery);
  const forms = useQuery(formsQuery);
  const asked = forms.data?.forms ?? [];
  const pending = data?.approvals ?? [];
  const decided = (all.data?.pages ?? [])
    .flatMap(({ approvals }) => approvals)
    .filter(({ state }) => state !== "pending");
  return (
    <Page title="Approvals">
      {error && <Problem error={error} retry={() => void refetch()} />}
      {forms.error && <Problem error={forms.error} retry={() => void forms.refetch()} />}
      {data && forms.data && pending.length === 0 && asked.length === 0 && (
        <Empty title="Nothing waits for a person.">
          <p>
            When policy holds a call, or a run asks for something to be filled in, it appears here with
            everything needed to decide.
          </p>
        </Empty>
      )}
      {pending.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      {asked.map((form) => (
        <FormCard key={form.id} form={form} />
      ))}
      {(decided.length > 0 || all.hasNextPage) && <h2>Decided</h2>}
      {all.error && <Problem error={all.error} retry={() => void all.refetch()} />}
      {decided.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      {all.hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={all.isFetchingNextPage}
          onClick={() => void all.fetchNextPage()}
        >
          Show earlier ones
        </button>
      )}
    </Page>
  );
}
