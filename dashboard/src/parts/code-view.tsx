// Starlark source, read only: executed lines are links to what they called, current ones are lit.
import { python } from "@codemirror/lang-python";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, gutter, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

export interface LineMark {
  line: number;
  isCurrent: boolean;
  title: string;
  onOpen: () => void;
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword], class: "code-keyword" },
  { tag: [tags.string, tags.special(tags.string)], class: "code-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "code-number" },
  { tag: tags.comment, class: "code-comment" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))],
    class: "code-function",
  },
]);

class OpenMarker extends GutterMarker {
  readonly #mark: LineMark;
  constructor(mark: LineMark) {
    super();
    this.#mark = mark;
  }
  override toDOM(): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.#mark.isCurrent ? "▶" : "●";
    button.title = this.#mark.title;
    button.ariaLabel = this.#mark.title;
    button.className = this.#mark.isCurrent ? "code-mark is-current" : "code-mark";
    button.onclick = this.#mark.onOpen;
    // The gutter is hidden from screen readers; the timeline has the same links for the keyboard.
    button.tabIndex = -1;
    return button;
  }
}

function extensions(marks: readonly LineMark[], text: string) {
  const state = EditorState.create({ doc: text });
  const byLine = new Map(
    marks.filter(({ line }) => line >= 1 && line <= state.doc.lines).map((mark) => [mark.line, mark]),
  );
  const lit = new RangeSetBuilder<Decoration>();
  for (const [number, { isCurrent }] of [...byLine].sort(([a], [b]) => a - b)) {
    const { from } = state.doc.line(number);
    if (isCurrent) lit.add(from, from, Decoration.line({ class: "code-current" }));
  }
  return [
    EditorView.decorations.of(lit.finish()),
    gutter({
      class: "code-marks",
      lineMarker: (view, line) => {
        const mark = byLine.get(view.state.doc.lineAt(line.from).number);
        return mark ? new OpenMarker(mark) : null;
      },
    }),
  ];
}

export function CodeView({
  text,
  name,
  marks = [],
}: {
  text: string;
  name: string;
  marks?: readonly LineMark[];
}) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!host.current) return;
    const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
    const view = new EditorView({
      parent: host.current,
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ "aria-label": name, tabindex: "0" }),
        lineNumbers(),
        extensions(marks, text),
        python(),
        syntaxHighlighting(colours),
      ],
    });
    return () => view.destroy();
  }, [text, name, marks]);
  return <div ref={host} className="code" />;
}
