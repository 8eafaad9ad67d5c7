// How far something has come, where it says so.
export function Progress({
  done,
  total,
  message,
}: {
  done: number;
  total?: number | undefined;
  message?: string | undefined;
}) {
  return (
    <p className="progress">
      {/* Without a total nobody can say how far along it is: the bar only says that it moves. */}
      <progress aria-label="Progress" {...(total === undefined ? {} : { value: done, max: total })} />
      <span className="num">{total === undefined ? done : `${done} of ${total}`}</span>
      {message && <span className="quiet">{message}</span>}
    </p>
  );
}
