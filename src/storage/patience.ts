/**
 * Waits for `work`, but no longer than `ms`; the work itself goes on. For answers that would rather come late than wrong.
 */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const { promise: expired, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
