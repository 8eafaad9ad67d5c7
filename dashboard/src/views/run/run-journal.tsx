// The journal as it is: every record, in order.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { JournalRecord } from "../../../../src/protocol/journal.ts";
import { Problem } from "../../parts/problem.tsx";
import { Exactly } from "../../parts/time.tsx";
import { Tree } from "../../parts/tree.tsx";

export default function RunJournal({
  items,
  error,
}: {
  items: readonly JournalRecord[];
  error: Error | undefined;
}) {
  const list = useRef<HTMLDivElement>(null);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => 32,
    overscan: 20,
    scrollMargin: list.current?.offsetTop ?? 0,
  });
  return (
    <section aria-label="Journal">
      {error && <Problem error={error} />}
      <div ref={list} className="journal" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const record = items[index];
          if (!record) return null;
          return (
            <div
              key={key}
              data-index={index}
              ref={rows.measureElement}
              className="journal-record"
              style={{ transform: `translateY(${start - rows.options.scrollMargin}px)` }}
            >
              <span className="num quiet">{record.seq}</span>
              <span className="strong">{kindOf(record)}</span>
              <span className="mono">{"command" in record ? record.command : ""}</span>
              <span className="quiet">
                <Exactly at={record.at} />
              </span>
              <Tree name="record" value={record} isOpen={false} />
            </div>
          );
        })}
      </div>
    </section>
  );
}

function kindOf(record: JournalRecord): string {
  if (record.type === "noted") return record.note.replaceAll("_", " ");
  return record.type === "scheduled" ? `${record.kind} ${record.type}`.replaceAll("_", " ") : record.type;
}
