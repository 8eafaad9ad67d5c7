// Signing in with a token.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { answered, api } from "../api/client.ts";
import { forgetLinkedToken } from "../api/linked-token.ts";
import { sessionQuery } from "../api/queries.ts";
import { Problem } from "../parts/problem.tsx";

/** `refusal`: why the link did not sign in, where one was used. */
export function SignIn({ refusal }: { refusal?: unknown }) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>(refusal);
  const [isBusy, setBusy] = useState(false);

  const signIn = async (token: string) => {
    setBusy(true);
    try {
      const session = await answered(api.POST("/v1/session", { body: { token } }));
      forgetLinkedToken();
      client.setQueryData(sessionQuery.queryKey, session);
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  useEffect(() => {
    document.title = "Sign in · Sluice";
  }, []);

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void signIn(String(new FormData(event.currentTarget).get("token")));
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>
          <img src="/icon.svg" alt="" width={28} height={28} /> Sluice
        </h1>
        <p>Durable workflows for continuous delivery.</p>
        <label>
          Token
          <input name="token" type="password" required autoComplete="current-password" spellCheck={false} />
        </label>
        {error !== undefined && <Problem error={error} />}
        <button type="submit" className="button primary" disabled={isBusy}>
          Sign in
        </button>
        <p className="quiet">
          On your own machine, <code>npm start</code> prints a link that signs you in. Elsewhere an
          administrator makes a token with <code>sluice token create</code>.
        </p>
      </form>
    </main>
  );
}
