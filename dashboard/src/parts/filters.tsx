// Fields of a list's filters. What they hold is part of the address, so they report and do not keep.
import { useEffect, useId, useRef, useState } from "react";

/** Typing asks this long after the last key. */
const PAUSE_MS = 200;

/** Asks while one types. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string | undefined) => void;
}) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The address may change by other means: a link, the back button.
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = (text: string, afterMs: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(text.trim() || undefined), afterMs);
  };
  return (
    <input
      type="search"
      className="search-field"
      aria-label={label}
      placeholder={`${label}…`}
      maxLength={200}
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value);
        ask(event.target.value, PAUSE_MS);
      }}
      onKeyDown={(event) => event.key === "Enter" && ask(typed, 0)}
    />
  );
}

/** Asks when one leaves it, presses Enter, or takes one of the choices. */
export function FilterField({
  name,
  placeholder = name,
  value,
  choices,
  onChange,
}: {
  name: string;
  placeholder?: string;
  value: string;
  choices?: readonly string[] | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const list = useId();
  const change = (text: string) => {
    if (text.trim() !== value) onChange(text.trim() || undefined);
  };
  return (
    <>
      <input
        // Anew when the address changes by other means.
        key={value}
        aria-label={name}
        placeholder={placeholder}
        defaultValue={value}
        list={choices ? list : undefined}
        onBlur={(event) => change(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && change(event.currentTarget.value)}
      />
      {choices && (
        <datalist id={list}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
    </>
  );
}

/** An instant as a `datetime-local` field wants it: in the reader's zone. */
export function localText(at: number): string {
  const date = new Date(at);
  return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What a `datetime-local` field holds, as an instant; undefined when it is empty. */
export function instantOf(text: string): string | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

const HOUR_MS = 3600_000;
const spans: readonly [label: string, ms: number][] = [
  ["Last hour", HOUR_MS],
  ["Last 24 hours", 24 * HOUR_MS],
  ["Last 7 days", 7 * 24 * HOUR_MS],
  ["Last 30 days", 30 * 24 * HOUR_MS],
];

/** From when to when, in the reader's zone. */
export function TimeFields({
  from,
  to,
  onChange,
}: {
  from: string | undefined;
  to: string | undefined;
  onChange: (change: { from?: string | undefined; to?: string | undefined }) => void;
}) {
  const [isOpen, setOpen] = useState(from !== undefined || to !== undefined);
  const field = (label: string, value: string | undefined, change: (value: string | undefined) => void) => (
    <label className="time-field">
      {label}
      <input
        key={value ?? ""}
        type="datetime-local"
        defaultValue={value ? localText(Date.parse(value)) : ""}
        onBlur={(event) => {
          const given = instantOf(event.target.value);
          if (given !== (value && instantOf(localText(Date.parse(value))))) change(given);
        }}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </label>
  );
  return (
    <>
      <select
        aria-label="Time"
        value={isOpen || from || to ? "custom" : ""}
        onChange={({ target }) => {
          const chosen = spans.find(([label]) => label === target.value);
          setOpen(target.value === "custom" || chosen !== undefined);
          if (chosen) onChange({ from: new Date(Date.now() - chosen[1]).toISOString(), to: undefined });
          else if (target.value === "") onChange({ from: undefined, to: undefined });
        }}
      >
        <option value="">any time</option>
        {spans.map(([label]) => (
          <option key={label}>{label}</option>
        ))}
        <option value="custom">from … to …</option>
      </select>
      {(isOpen || from || to) && (
        <>
          {field("from", from, (value) => onChange({ from: value }))}
          {field("to", to, (value) => onChange({ to: value }))}
        </>
      )}
    </>
  );
}
