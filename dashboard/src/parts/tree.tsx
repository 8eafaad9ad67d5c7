// JSON as a tree that folds. Values are text, whatever they contain.
import { ShownText } from "./shown-text.tsx";

const MAX_SHOWN = 200;

export function Tree({ name, value, isOpen = true }: { name?: string; value: unknown; isOpen?: boolean }) {
  const label = name === undefined ? null : <span className="tree-name">{name}</span>;
  if (value === null || typeof value !== "object") {
    return (
      <div className="tree-leaf">
        {label}{" "}
        <span className={`tree-${value === null ? "null" : typeof value}`}>
          <ShownText text={String(value)} />
        </span>
      </div>
    );
  }
  const entries = Object.entries(value);
  const shape = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  if (entries.length === 0) {
    return (
      <div className="tree-leaf">
        {label} <span className="quiet">{Array.isArray(value) ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <details className="tree" open={isOpen}>
      <summary>
        {label ?? <span className="sr">Value</span>} <span className="quiet">{shape}</span>
      </summary>
      {entries.slice(0, MAX_SHOWN).map(([key, member]) => (
        <Tree key={key} name={key} value={member} isOpen={isOpen && entries.length <= 20} />
      ))}
      {entries.length > MAX_SHOWN && <p className="quiet">and {entries.length - MAX_SHOWN} more</p>}
    </details>
  );
}
