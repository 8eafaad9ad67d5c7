// What went wrong, in the server's words, and what to do about it.
import { ApiError } from "../api/client.ts";

export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof ApiError ? error.code : undefined;
  const faults = error instanceof ApiError ? error.faults : [];
  const isOffline = error instanceof TypeError;
  return (
    <div className="problem" role="alert">
      <strong>{isOffline ? "The server cannot be reached." : message}</strong>
      {isOffline && <p>It may be restarting. What you see stays until it answers again.</p>}
      {faults.length > 0 && (
        <ul>
          {faults.map(({ pointer, message: fault }) => (
            <li key={pointer + fault}>
              <span className="mono">{pointer}</span> {fault}
            </li>
          ))}
        </ul>
      )}
      {code && (
        <p>
          <a href={`/docs/errors#${code}`}>What {code} means</a>
        </p>
      )}
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
