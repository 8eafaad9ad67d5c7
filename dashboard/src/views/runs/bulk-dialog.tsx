// Does one thing to many runs: first it is said to which and why, then one sees what becomes of each.
import "../../styles/bulk.css";
import { Dialog } from "@base-ui/react/dialog";
import { useBlocker } from "@tanstack/react-router";
import type { Run } from "../../api/client.ts";
import { operations } from "../../parts/operations.ts";
import { countOf, type Scope } from "./bulk.ts";
import { BulkForm } from "./bulk-form.tsx";
import { BulkProgress } from "./bulk-progress.tsx";
import { useBulkWork } from "./use-bulk-work.ts";

/** `onClose` hears which runs have not been asked, or not been heard of; undefined where nothing has begun. */
export function BulkDialog({
  scope,
  onClose,
}: {
  scope: Scope;
  onClose: (notAsked: readonly Run[] | undefined) => void;
}) {
  const { work, begin, goOn, stop } = useBulkWork();
  const isAtWork = work?.isAtWork ?? false;
  // Neither Back nor closing the window drops it without a word.
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true, disabled: !isAtWork });
  const runs = work ? work.left.length + work.outcomes.length : 0;
  return (
    // What is at work is stopped by its button, not by a key that slipped.
    <Dialog.Root open onOpenChange={(open) => !open && !isAtWork && onClose(work?.left)}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog is-wide">
          <Dialog.Title>
            {work ? `${operations[work.request.action].verb}: ${countOf(runs)}` : titleOf(scope)}
          </Dialog.Title>
          {work ? (
            <BulkProgress work={work} onStop={stop} onGoOn={goOn} />
          ) : (
            <BulkForm scope={scope} onSubmit={begin} />
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function titleOf(scope: Scope): string {
  return "picked" in scope ? `Act on ${countOf(scope.picked.length)} that you picked` : "Act on many runs";
}
