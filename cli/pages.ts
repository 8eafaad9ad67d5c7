/** The pages of a list, each asked for when it is wanted: with `next` of the page before, the first one without. */
export async function* pages<Next, Page extends { next?: Next }>(
  ask: (next?: Next) => Promise<Page>,
): AsyncGenerator<Page> {
  let page = await ask();
  yield page;
  while (page.next !== undefined) {
    page = await ask(page.next);
    yield page;
  }
}

/** As many as every list gives at once. */
const PAGE = 200;

/** The first `limit` of a list, by as few pages as hold them. */
export async function firstOf<Item, Next extends string | number, Page extends { next?: Next }>(
  limit: number,
  ask: (page: { limit: number; cursor: Next | undefined }) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): Promise<Item[]> {
  const found: Item[] = [];
  const next = (cursor?: Next) => ask({ limit: Math.min(limit - found.length, PAGE), cursor });
  for await (const page of pages(next)) {
    found.push(...itemsOf(page));
    if (found.length >= limit) break;
  }
  return found;
}
