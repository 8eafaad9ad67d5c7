/** What a run that begins again executes: the field `program`, `same` or `current`. */
export function ProgramField({ same, current }: { same: string; current: string }) {
  return (
    <label>
      Program
      <select name="program">
        <option value="same">{same}</option>
        <option value="current">{current}</option>
      </select>
    </label>
  );
}

/** What the field says. */
export function programIn(form: FormData): "same" | "current" {
  return form.get("program") === "current" ? "current" : "same";
}
