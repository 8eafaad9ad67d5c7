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
