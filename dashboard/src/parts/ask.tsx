// Asks before something is done that others will see: what it means, why, and what else it needs.
import { Dialog } from "@base-ui/react/dialog";
import { type FormEvent, type ReactNode, useState } from "react";
import { Problem } from "./problem.tsx";

export function Ask({
  title,
  explanation,
  verb,
  isDangerous = false,
  children,
  onClose,
  onSubmit,
}: {
  title: string;
  explanation: string;
  /** What the button says. */
  verb: string;
  isDangerous?: boolean;
  /** Fields beside the reason. */
  children?: ReactNode;
  onClose: () => void;
  /** Does it. What it throws is shown, and the dialog stays. */
  onSubmit: (reason: string, form: FormData) => Promise<void>;
}) {
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    try {
      await onSubmit(String(form.get("reason")), form);
      onClose();
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <form onSubmit={(event) => void submit(event)}>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Description className="quiet">{explanation}</Dialog.Description>
            {children}
            <label>
              Why
              <input name="reason" maxLength={2000} placeholder="Kept in the journal, with your name" />
            </label>
            {error !== undefined && <Problem error={error} />}
            <div className="actions end">
              <Dialog.Close className="button">Leave it</Dialog.Close>
              <button
                type="submit"
                className={isDangerous ? "button danger" : "button primary"}
                disabled={isBusy}
              >
                {verb}
              </button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
