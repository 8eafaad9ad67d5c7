// Fields that somebody declared in a workflow, as controls: of a form that a run asks, and of a start by hand.
import { useId } from "react";
import type { FormField } from "../../../src/protocol/form.ts";
import { ApiError } from "../api/client.ts";

/** `faults`: by name, why the server refused a value. */
export function Fields({
  fields,
  faults,
}: {
  fields: readonly FormField[];
  faults: ReadonlyMap<string, string>;
}) {
  return fields.map((field) => <Field key={field.name} field={field} fault={faults.get(field.name)} />);
}

/** The faults that a refusal finds in the members of `place`, by name. */
export function faultsOf(error: unknown, place: string): ReadonlyMap<string, string> {
  const faults = error instanceof ApiError ? error.faults : [];
  return new Map(
    faults
      .filter(({ pointer }) => pointer.startsWith(`${place}/`))
      .map(({ pointer, message }) => [pointer.slice(place.length + 1), message]),
  );
}

/** What was filled in, in the types that the fields ask for. Left empty is left out. */
export function valuesOf(fields: readonly FormField[], data: FormData): Record<string, unknown> {
  const entries = fields.flatMap(({ name, type }): [string, unknown][] => {
    if (type === "boolean") return [[name, data.get(name) !== null]];
    if (type === "multi_choice") return [[name, data.getAll(name)]];
    const text = String(data.get(name) ?? "");
    if (text === "") return [];
    return [[name, type === "number" ? Number(text) : text]];
  });
  return Object.fromEntries(entries);
}

function Field({ field, fault }: { field: FormField; fault: string | undefined }) {
  const { name, label = name, help, type, options = [], required = false } = field;
  const ids = useId();
  const helpId = `${ids}-help`;
  const described = {
    ...(help || fault ? { "aria-describedby": helpId } : {}),
    ...(fault ? { "aria-invalid": true } : {}),
  };
  const note = (help || fault) && (
    <span className="small" id={helpId}>
      {fault && <span className="fault">{fault} </span>}
      {help && <span className="quiet">{help}</span>}
    </span>
  );
  const initial = field.default === undefined || field.default === null ? "" : String(field.default);
  if (type === "boolean") {
    return (
      <label className="check">
        <input type="checkbox" name={name} defaultChecked={field.default === true} {...described} /> {label}
        {note}
      </label>
    );
  }
  if (type === "multi_choice") {
    const chosen = Array.isArray(field.default) ? field.default : [];
    return (
      <fieldset className="options" {...described}>
        <legend>{label}</legend>
        {options.map((option) => (
          <label key={option} className="check">
            <input type="checkbox" name={name} value={option} defaultChecked={chosen.includes(option)} />{" "}
            {option}
          </label>
        ))}
        {note}
      </fieldset>
    );
  }
  const id = `${ids}-field`;
  const shared = { id, name, required, defaultValue: initial, ...described };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {type === "choice" && (
        <select {...shared}>
          {!required && <option value="">nothing</option>}
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      )}
      {type === "text" && <textarea rows={3} {...shared} />}
      {type === "number" && <input type="number" step="any" {...shared} />}
      {type === "date" && <input type="date" {...shared} />}
      {type === "string" && <input {...shared} />}
      {type === "secret" && <input type="password" autoComplete="off" {...shared} />}
      {note}
    </div>
  );
}
