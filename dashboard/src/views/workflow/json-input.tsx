// A text that is to be JSON, and where it is none yet.

/** Where in a text something is, as people count: from 1. */
function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** What is wrong with a text that is to be JSON; undefined when nothing is. */
export function jsonFault(text: string): string | undefined {
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

export function JsonInput({
  text,
  fault,
  onChange,
}: {
  text: string;
  fault: string | undefined;
  onChange(text: string): void;
}) {
  return (
    <>
      <label>
        Input, as JSON
        <textarea
          rows={8}
          className="mono"
          spellCheck={false}
          value={text}
          aria-invalid={fault !== undefined}
          aria-describedby="input-fault"
          onChange={({ target }) => onChange(target.value)}
        />
      </label>
      <p id="input-fault" className="quiet" aria-live="polite">
        {fault ?? "The handler gets it as the event’s data."}
      </p>
    </>
  );
}
