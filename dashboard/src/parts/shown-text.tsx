// A text of a run: what was masked in it is a chip of its own, so that nobody takes it for what was there.
import { Fragment } from "react";
import { MASK } from "../../../src/protocol/mask.ts";

const WHY = "sensitive: only the runner gets it";

export function ShownText({ text }: { text: string }) {
  const [first, ...others] = text.split(MASK);
  return (
    <>
      {first}
      {others.map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change
        <Fragment key={at}>
          <span className="masked" title={WHY}>
            {MASK}
            <span className="sr"> ({WHY})</span>
          </span>
          {part}
        </Fragment>
      ))}
    </>
  );
}
