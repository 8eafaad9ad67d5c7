// Starlark source, read only: executed lines say what they called and link to it, current ones are lit.
import { python } from "@codemirror/lang-python";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, type Extension, type Range, type Text } from "@codemirror/state";
import { Decoration, EditorView, lineNumbers, WidgetType } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

export interface LineMark {
  line: number;
  /** Whether what the line called is under way. */
  isCurrent: boolean;
  /** Whether it is what the reader has chosen. */
  isChosen: boolean;
  text: string;
  tone: string;
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

/** What a line called, at its end: a button, so that the keyboard reaches it too. */
class CallMark extends WidgetType {
  readonly #mark: LineMark;
  constructor(mark: LineMark) {
    super();
    this.#mark = mark;
  }
  override eq(other: CallMark): boolean {
    const [a, b] = [this.#mark, other.#mark];
    return a.text === b.text && a.tone === b.tone && a.onOpen === b.onOpen;
  }
  override toDOM(): HTMLElement {
    const { text, tone, onOpen } = this.#mark;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.className = `code-mark tone-${tone}`;
    button.onclick = onOpen;
    return button;
  }
}

function decorations(marks: readonly LineMark[], doc: Text): Extension {
  const ranges = marks
    .filter(({ line }) => line >= 1 && line <= doc.lines)
    .flatMap((mark): Range<Decoration>[] => {
      const { from, to } = doc.line(mark.line);
      const lit = mark.isChosen ? "code-chosen" : mark.isCurrent ? "code-current" : undefined;
      const widget = Decoration.widget({ widget: new CallMark(mark), side: 1 }).range(to);
      return lit ? [Decoration.line({ class: lit }).range(from), widget] : [widget];
    });
  return EditorView.decorations.of(Decoration.set(ranges, true));
}

const NO_MARKS: readonly LineMark[] = [];

export function CodeView({
  text,
  name,
  marks = NO_MARKS,
}: {
  text: string;
  name: string;
  marks?: readonly LineMark[];
}) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<{ view: EditorView; marked: Compartment }>(undefined);
  useEffect(() => {
    if (!host.current) return;
    const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
    const marked = new Compartment();
    const view = new EditorView({
      parent: host.current,
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ "aria-label": name, tabindex: "0" }),
        EditorView.lineWrapping,
        lineNumbers(),
        marked.of([]),
        python(),
        syntaxHighlighting(colours),
      ],
    });
    editor.current = { view, marked };
    return () => view.destroy();
  }, [text, name]);
  // By themselves, so that what moves while one reads takes away neither the place nor the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new editor needs its marks, too
  useEffect(() => {
    if (!editor.current) return;
    const { view, marked } = editor.current;
    view.dispatch({ effects: marked.reconfigure(decorations(marks, view.state.doc)) });
  }, [marks, text, name]);
  return <div ref={host} className="code" />;
}
