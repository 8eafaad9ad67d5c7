// Signing in with a token, typed or brought by the link that `npm start` prints.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { answered, api } from "../api/client.ts";
import { sessionQuery } from "../api/queries.ts";
import { Problem } from "../parts/problem.tsx";

/** The token after `#token=`, which browsers do not send to servers. It leaves the address at once. */
function takeLinkedToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? undefined;
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

export function SignIn() {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  const signIn = async (token: string) => {
    setBusy(true);
    try {
      const session = await answered(api.POST("/v1/session", { body: { token } }));
      client.setQueryData(sessionQuery.queryKey, session);
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  useEffect(() => {
    document.title = "Sign in · Sluice";
    const linked = takeLinkedToken();
    if (linked) void signIn(linked);
  });

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
