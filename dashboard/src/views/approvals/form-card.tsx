// A form that a run asks people to fill in: its fields, and why it was refused, if it was.
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { FormField } from "../../../../src/protocol/form.ts";
import type { Form } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { Fields, faultsOf, valuesOf } from "../../parts/fields.tsx";
import { Problem } from "../../parts/problem.tsx";
import { span } from "../../parts/span.ts";
import { Ago, useNow } from "../../parts/time.tsx";
import { useMay, useSubject } from "../../session.ts";

export function FormCard({ form, isInRun = false }: { form: Form; isInRun?: boolean }) {
  return (
    <article className="card asked is-pending" aria-label={`Form ${form.title}`}>
      <header>
        <span className="state tone-held">form</span>
        <strong>{form.title}</strong>
        <span className="quiet">
          asked <Ago at={form.openedAt} />
          <Due form={form} />
        </span>
        {!isInRun && (
          <Link to="/runs/$id" params={{ id: form.run }}>
            Run of {form.workflow}
          </Link>
        )}
      </header>
      {form.description && <p>{form.description}</p>}
      <Fill form={form} />
    </article>
  );
}

function Due({ form: { dueAt } }: { form: Form }) {
  const now = useNow();
  return dueAt !== undefined && dueAt > now ? <>, {span(dueAt - now)} left</> : null;
}

function Fill({ form }: { form: Form }) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const mayFill = useMay("operator");
  const subject = useSubject();
  const { assignees } = form;
  if (!mayFill) return <p className="quiet">An operator or administrator can fill this in.</p>;
  if (assignees.length > 0 && !assignees.includes(subject)) {
    return <p className="quiet">It is for {assignees.join(", ")} to fill in.</p>;
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = valuesOf(form.fields as FormField[], new FormData(event.currentTarget));
    setBusy(true);
    setError(undefined);
    try {
      await answered(api.POST("/v1/forms/{id}", { params: { path: { id: form.id } }, body: { values } }));
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
    void client.invalidateQueries({ queryKey: ["forms"] });
  };
  return (
    <form className="fields" onSubmit={(event) => void submit(event)}>
      <Fields fields={form.fields as FormField[]} faults={faultsOf(error, "/values")} />
      {error !== undefined && <Problem error={error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={isBusy}>
          Send
        </button>
      </div>
    </form>
  );
}
