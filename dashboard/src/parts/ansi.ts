// Colours in logs. Only colours and weight are taken from escape sequences; every other one is dropped.

const ESCAPE = "\\u001b";
const SEQUENCE = new RegExp(
  [
    // Colours and movements, links and titles, and what else no text contains.
    `${ESCAPE}\\[([0-9;]*)([A-Za-z])`,
    `${ESCAPE}\\][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)`,
    "[\\u0000-\\u0008\\u000b-\\u001f\\u007f]",
  ].join("|"),
  "g",
);

export interface AnsiPart {
  text: string;
  classes: string;
}

interface Style {
  colour: number | undefined;
  isBold: boolean;
}

function styled(style: Style, codes: number[]): Style {
  let next = style;
  for (const code of codes) {
    if (code === 0) next = { colour: undefined, isBold: false };
    else if (code === 1) next = { ...next, isBold: true };
    else if (code === 22) next = { ...next, isBold: false };
    else if (code === 39) next = { ...next, colour: undefined };
    else if (code >= 30 && code <= 37) next = { ...next, colour: code - 30 };
    else if (code >= 90 && code <= 97) next = { ...next, colour: code - 90 };
    // 256 colours and true colour: their arguments are no codes.
    else if (code === 38 || code === 48) break;
  }
  return next;
}

function classesOf({ colour, isBold }: Style): string {
  return [colour === undefined ? "" : `ansi-${colour}`, isBold ? "ansi-bold" : ""].filter(Boolean).join(" ");
}

/** The line in parts of one style each. */
export function ansiParts(line: string): AnsiPart[] {
  const parts: AnsiPart[] = [];
  let style: Style = { colour: undefined, isBold: false };
  let from = 0;
  const add = (text: string) => {
    if (text) parts.push({ text, classes: classesOf(style) });
  };
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, (match[1] || "0").split(";").map(Number));
  }
  add(line.slice(from));
  return parts;
}

/** The line without escape sequences. */
export function plainText(line: string): string {
  return line.replaceAll(SEQUENCE, "");
}
