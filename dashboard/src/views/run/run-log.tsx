// The run's log as it grows: colours, search, follow, download.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { readLog } from "../../api/queries.ts";
import { useGrowingList } from "../../live/growing-list.ts";
import { ansiParts, plainText } from "../../parts/ansi.ts";
import { Empty } from "../../parts/empty.tsx";
import { Problem } from "../../parts/problem.tsx";
import { ShownText } from "../../parts/shown-text.tsx";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

export default function RunLog({ id, upTo }: { id: string; upTo: number }) {
  const { items, error } = useGrowingList(id, upTo, readLog);
  const [search, setSearch] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const wanted = search.toLowerCase();
  const lines = wanted ? items.filter(({ text }) => plainText(text).toLowerCase().includes(wanted)) : items;
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => 20,
    overscan: 30,
  });
  useEffect(() => {
    if (isFollowing && lines.length > 0) rows.scrollToIndex(lines.length - 1);
  }, [isFollowing, lines.length, rows]);
  return (
    <section aria-label="Log">
      <div className="filters">
        <input
          type="search"
          aria-label="Search the log"
          placeholder="Search the log"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={(event) => setFollowing(event.target.checked)}
          />{" "}
          Follow
        </label>
        <button
          type="button"
          className="button"
          onClick={() => download(`${id}.log`, items.map(({ text }) => `${text}\n`).join(""))}
        >
          Download
        </button>
        <span className="quiet">{lines.length} lines</span>
      </div>
      {error && <Problem error={error} />}
      {items.length === 0 && upTo === 0 && (
        <Empty title="Nothing has been printed yet.">
          <p>
            What the script prints with <code>print</code> and what its functions write appears here.
          </p>
        </Empty>
      )}
      {items.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <div ref={box} className="log" role="log" aria-label="Lines" tabIndex={0}>
          <div style={{ height: rows.getTotalSize(), position: "relative" }}>
            {rows.getVirtualItems().map(({ index, start, key }) => {
              const line = lines[index];
              if (!line) return null;
              return (
                <div
                  key={key}
                  data-index={index}
                  ref={rows.measureElement}
                  className="log-line"
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <time className="quiet">{clock.format(line.at)}</time>
                  <span className="quiet">{line.command ?? "script"}</span>
                  <span className="log-text">
                    {ansiParts(line.text).map((part, at) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line never change
                      <span key={at} className={part.classes}>
                        <ShownText text={part.text} />
                      </span>
                    ))}
                  </span>
                </div>
              );
            })}
          </div>
        </div>
      )}
    </section>
  );
}
