// Starts a workflow by hand, with an input in JSON.
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { answered, api } from "../../api/client.ts";
import { Problem } from "../../parts/problem.tsx";

/** Where in a text something is, as people count: from 1. */
function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** What is wrong with a text that is to be JSON; undefined when nothing is. */
function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    const [, offset] = /position (\d+)/.exec(message) ?? [];
    const where = offset === undefined ? "" : ` (${place(text, Number(offset))})`;
    return `This is no JSON yet: ${message.replace(/ in JSON at position.*/, "")}${where}`;
  }
}

export function StartForm({ workflow }: { workflow: string }) {
  const navigate = useNavigate();
  const [text, setText] = useState("null");
  const [error, setError] = useState<unknown>();
  // The same start, should the answer be lost and the button pressed again: one run.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [isStarting, setStarting] = useState(false);
  const fault = jsonFault(text);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (fault !== undefined) return;
    setError(undefined);
    setStarting(true);
    try {
      const { run } = await answered(
        api.POST("/v1/workflows/{name}/runs", {
          params: { path: { name: workflow }, header: { "idempotency-key": key } },
          body: { input: JSON.parse(text) },
        }),
      );
      await navigate({ to: "/runs/$id", params: { id: run } });
    } catch (refused) {
      setError(refused);
      setStarting(false);
    }
  };
  return (
    <details className="card form-card">
      <summary>Start a run</summary>
      <form onSubmit={(event) => void submit(event)}>
        <label>
          Input, as JSON
          <textarea
            rows={8}
            className="mono"
            spellCheck={false}
            value={text}
            aria-invalid={fault !== undefined}
            aria-describedby="input-fault"
            onChange={({ target }) => {
              setText(target.value);
              setKey(crypto.randomUUID());
            }}
          />
        </label>
        <p id="input-fault" className="quiet" aria-live="polite">
          {fault ?? "The handler gets it as the event’s data."}
        </p>
        {error !== undefined && <Problem error={error} />}
        <button type="submit" className="button primary" disabled={fault !== undefined || isStarting}>
          Start
        </button>
      </form>
    </details>
  );
}
