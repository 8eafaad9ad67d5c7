// Event types in triggers and waits: one type, or everything that begins with a prefix (`com.github.release.*`).

/** True when the pattern stands for more than one type. */
export function isPrefix(pattern: string): boolean {
  return pattern.endsWith("*");
}

/** The text before the `*`; the whole pattern when it has none. */
export function prefixOf(pattern: string): string {
  return isPrefix(pattern) ? pattern.slice(0, -1) : pattern;
}

/** True when an event's type is the pattern's type, or begins with its prefix. */
export function matchesType(pattern: string, type: string): boolean {
  return isPrefix(pattern) ? type.startsWith(prefixOf(pattern)) : pattern === type;
}
