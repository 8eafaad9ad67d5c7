// An environment's settings, to be created or replaced. Times are in the reader's zone.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Environment } from "../../api/client.ts";
import { answered, api } from "../../api/client.ts";
import { instantOf, localText } from "../../parts/filters.tsx";
import { Problem } from "../../parts/problem.tsx";

const tiers = ["production", "staging", "development"] as const;
const risks = ["low", "medium", "high", "critical"] as const;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

interface LabelRow {
  key: string;
  value: string;
}
interface TargetRow {
  function: string;
  /** `name=glob`, one on each line. */
  inputs: string;
}
interface FreezeRow {
  name: string;
  /** As the fields hold it: in the reader's zone, to the minute. */
  from: string;
  to: string;
  reason: string;
  /** As they are stored: what is not touched stays exact. */
  stored?: { from: string; to: string };
}

interface Rows {
  labels: LabelRow[];
  targets: TargetRow[];
  freezes: FreezeRow[];
}

function rowsOf({ labels = {}, targets = [], freezes = [] }: Partial<Environment>): Rows {
  return {
    labels: Object.entries(labels).map(([key, value]) => ({ key, value })),
    targets: targets.map(({ function: name = "*", inputs = {} }) => ({
      function: name,
      inputs: Object.entries(inputs)
        .map(([input, glob]) => `${input}=${glob}`)
        .join("\n"),
    })),
    freezes: freezes.map(({ name, from, to, reason = "" }) => ({
      name,
      from: localText(Date.parse(from)),
      to: localText(Date.parse(to)),
      reason,
      stored: { from, to },
    })),
  };
}

/** Throws what is wrong, in words. */
function settingsOf({ labels, targets, freezes }: Rows) {
  return {
    labels: Object.fromEntries(
      labels.filter(({ key }) => key.trim()).map(({ key, value }) => [key.trim(), value]),
    ),
    targets: targets.map((target) => ({
      function: target.function.trim() || "*",
      inputs: Object.fromEntries(
        target.inputs
          .split("\n")
          .map((line) => line.trim())
          .filter((line) => line !== "")
          .map((part) => {
            const at = part.indexOf("=");
            if (at < 1)
              throw new Error(`The input “${part}” of a target is not name=glob, as in app=*-production.`);
            return [part.slice(0, at), part.slice(at + 1)];
          }),
      ),
    })),
    freezes: freezes.map(({ name, from, to, reason, stored }) => {
      const exact = (text: string, before: string | undefined) =>
        before !== undefined && localText(Date.parse(before)) === text ? before : instantOf(text);
      const [begins, ends] = [exact(from, stored?.from), exact(to, stored?.to)];
      if (!begins || !ends) throw new Error(`The freeze “${name}” needs a begin and an end.`);
      return { name: name.trim(), from: begins, to: ends, reason };
    }),
  };
}

export function SettingsForm({ environment, onDone }: { environment?: Environment; onDone: () => void }) {
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [rows, setRows] = useState<Rows>(() => rowsOf(environment ?? {}));
  const [isSaving, setSaving] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = environment?.name ?? String(form.get("name"));
    setError(undefined);
    setSaving(true);
    try {
      const body = {
        tier: form.get("tier") as Environment["tier"],
        risk: form.get("risk") as (typeof risks)[number],
        ...settingsOf(rows),
      };
      await answered(api.PUT("/v1/environments/{name}", { params: { path: { name } }, body }));
      void client.invalidateQueries({ queryKey: ["environments"] });
      onDone();
    } catch (refused) {
      setError(refused);
      setSaving(false);
    }
  };
  const change = (part: Partial<Rows>) => setRows((before) => ({ ...before, ...part }));
  return (
    <form className="card form-card settings-form" onSubmit={(event) => void submit(event)}>
      {!environment && (
        <label>
          Name
          <input name="name" required maxLength={64} />
        </label>
      )}
      <div className="field-line">
        <label>
          Tier
          <select name="tier" defaultValue={environment?.tier ?? "development"}>
            {tiers.map((tier) => (
              <option key={tier}>{tier}</option>
            ))}
          </select>
        </label>
        <label>
          Risk
          <select name="risk" defaultValue={environment?.risk ?? "medium"}>
            {risks.map((risk) => (
              <option key={risk}>{risk}</option>
            ))}
          </select>
        </label>
      </div>
      <RowList
        title="Targets: which calls touch it"
        noun="target"
        rows={rows.targets}
        empty={{ function: "*", inputs: "" }}
        onChange={(targets) => change({ targets })}
      >
        {(row, set) => (
          <>
            <Field
              label="Function"
              hint="glob"
              value={row.function}
              onChange={(value) => set({ function: value })}
            />
            <label>
              Inputs, one on each line
              <textarea
                rows={2}
                spellCheck={false}
                placeholder="app=*-production"
                value={row.inputs}
                onChange={({ target }) => set({ inputs: target.value })}
              />
            </label>
          </>
        )}
      </RowList>
      <RowList
        title={`Freezes: when nothing may change (${zone})`}
        noun="freeze"
        rows={rows.freezes}
        empty={{ name: "", from: "", to: "", reason: "" }}
        onChange={(freezes) => change({ freezes })}
      >
        {(row, set) => (
          <>
            <Field label="Name" value={row.name} isRequired onChange={(name) => set({ name })} />
            <Field
              label="From"
              type="datetime-local"
              value={row.from}
              isRequired
              onChange={(from) => set({ from })}
            />
            <Field
              label="To"
              type="datetime-local"
              value={row.to}
              isRequired
              onChange={(to) => set({ to })}
            />
            <Field label="Reason" value={row.reason} onChange={(reason) => set({ reason })} />
          </>
        )}
      </RowList>
      <RowList
        title="Labels: what policies and people go by"
        noun="label"
        rows={rows.labels}
        empty={{ key: "", value: "" }}
        onChange={(labels) => change({ labels })}
      >
        {(row, set) => (
          <>
            <Field label="Label" value={row.key} isRequired onChange={(key) => set({ key })} />
            <Field label="Value" value={row.value} onChange={(value) => set({ value })} />
          </>
        )}
      </RowList>
      {error !== undefined && <Problem error={error} />}
      <div className="actions">
        <button type="submit" className="button primary" disabled={isSaving}>
          Save
        </button>
        <button type="button" className="button" onClick={onDone}>
          Leave it
        </button>
      </div>
    </form>
  );
}

function RowList<Row extends object>({
  title,
  noun,
  rows,
  empty,
  onChange,
  children,
}: {
  title: string;
  noun: string;
  rows: readonly Row[];
  empty: Row;
  onChange: (rows: Row[]) => void;
  children: (row: Row, set: (part: Partial<Row>) => void) => ReactNode;
}) {
  return (
    <fieldset className="rows">
      <legend>{title}</legend>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name while it is written
        <div key={index} className="field-line">
          {children(row, (part) =>
            onChange(rows.map((one, at) => (at === index ? { ...one, ...part } : one))),
          )}
          <button
            type="button"
            className="button"
            aria-label={`Remove ${noun} ${index + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" className="button" onClick={() => onChange([...rows, empty])}>
        Add a {noun}
      </button>
    </fieldset>
  );
}

function Field({
  label,
  hint,
  type = "text",
  value,
  isRequired = false,
  onChange,
}: {
  label: string;
  hint?: string;
  type?: "text" | "datetime-local";
  value: string;
  isRequired?: boolean;
  onChange: (value: string) => void;
}) {
  return (
    <label>
      {label}
      <input
        type={type}
        placeholder={hint}
        value={value}
        required={isRequired}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}
