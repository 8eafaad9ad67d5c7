import { expect, test } from "vitest";
import { GroupCommit } from "../../src/storage/group-commit.ts";

/** Writes all of a group, or nothing where one of them is refused. */
function store(refused: number[] = []) {
  const writes: (readonly number[])[] = [];
  const group = new GroupCommit<number>(0, (changes) => {
    const fault = changes.find((change) => refused.includes(change));
    if (fault !== undefined) throw new Error(`refused ${fault}`);
    writes.push(changes);
  });
  return { writes, group };
}

test("what arrives together is written together, in the order of arrival", async () => {
  const { writes, group } = store();
  await Promise.all([group.add(1), group.add(2), group.add(3)]);
  expect(writes).toEqual([[1, 2, 3]]);
});

test("what arrives after a write is written with the next one", async () => {
  const { writes, group } = store();
  await group.add(1);
  await Promise.all([group.add(2), group.add(3)]);
  expect(writes).toEqual([[1], [2, 3]]);
});

test("a burst is written in several turns, in order", async () => {
  const { writes, group } = store();
  await Promise.all(Array.from({ length: 250 }, (_, n) => group.add(n)));
  expect(writes.map((changes) => changes.length)).toEqual([100, 100, 50]);
  expect(writes.flat()).toEqual(Array.from({ length: 250 }, (_, n) => n));
});

test("nobody has an answer before the write", async () => {
  const { writes, group } = store();
  const answered = group.add(1).then(() => writes.length);
  expect(writes).toEqual([]);
  expect(await answered).toBe(1);
});

test("a change that cannot be written fails alone", async () => {
  const { writes, group } = store([2]);
  const ends = await Promise.allSettled([group.add(1), group.add(2), group.add(3)]);
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(writes).toEqual([[1], [3]]);
});
