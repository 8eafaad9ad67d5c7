// Event types as triggers and waits name them.

const MAX_TYPE_LENGTH = 255;

/** What is wrong with an event type or prefix (`com.github.release.*`), in a sentence; undefined when nothing is. */
export function eventTypeProblem(type: string): string | undefined {
  if (type === "") return "an event type cannot be empty";
  if (type.length > MAX_TYPE_LENGTH) return `an event type has at most ${MAX_TYPE_LENGTH} characters`;
  const star = type.indexOf("*");
  if (star >= 0 && star < type.length - 1)
    return `"${type}" has a * before its end: only a prefix can be open`;
  return undefined;
}
