import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Newest } from "../../../webview/newest";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Questions that are answered by hand. */
function makeDesk() {
  const asked: { key: string; signal: AbortSignal; answer: (text: string) => void; fail: () => void }[] = [];
  const answers: string[] = [];
  const failures: unknown[] = [];
  const newest = new Newest<string>({
    answered: (answer) => answers.push(answer),
    failed: (error) => failures.push(error),
    waiting: () => undefined,
  });
  const wish = (key: string): void =>
    newest.wish(
      key,
      (signal) =>
        new Promise((resolve, reject) => {
          const stop = (): void => reject(new Error("stopped"));
          signal.addEventListener("abort", stop);
          asked.push({ key, signal, answer: resolve, fail: stop });
        }),
    );
  return { asked, answers, failures, newest, wish };
}

const settle = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);

test("while one question is under way only the newest of the others is kept", async () => {
  const { asked, answers, wish } = makeDesk();
  for (const key of ["a", "b", "c"]) wish(key);
  expect(asked.map(({ key }) => key)).toEqual(["a"]);
  asked[0].answer("A");
  await settle();
  expect(asked.map(({ key }) => key)).toEqual(["a", "c"]);
  asked[1].answer("C");
  await settle();
  expect(answers).toEqual(["A", "C"]);
});

test("a slow question is stopped for a newer one, without an answer or a complaint", async () => {
  const { asked, answers, failures, wish } = makeDesk();
  wish("slow");
  wish("new");
  await vi.advanceTimersByTimeAsync(149);
  expect(asked[0].signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(2);
  expect(asked[0].signal.aborted).toBe(true);
  await settle();
  asked[1].answer("N");
  await settle();
  expect([answers, failures]).toEqual([["N"], []]);
});

test("a question that was answered is asked again only after it was forgotten", async () => {
  const { asked, newest, wish } = makeDesk();
  wish("a");
  asked[0].answer("A");
  await settle();
  wish("a");
  expect(asked.length).toBe(1);
  newest.forget();
  wish("a");
  expect(asked.length).toBe(2);
});

test("a failure is told once and not asked again", async () => {
  const { asked, failures, wish } = makeDesk();
  wish("a");
  asked[0].fail();
  await settle();
  wish("a");
  expect([asked.length, failures.length]).toEqual([1, 1]);
});

test("going back to the question under way drops the one that waited", async () => {
  const { asked, answers, wish } = makeDesk();
  for (const key of ["a", "b", "a"]) wish(key);
  asked[0].answer("A");
  await settle();
  expect([asked.length, answers]).toEqual([1, ["A"]]);
});

test("a question that was forgotten while it was under way is asked anew", async () => {
  const { asked, answers, newest, wish } = makeDesk();
  wish("a");
  newest.forget();
  wish("a");
  await settle();
  expect(asked.length).toBe(2);
  asked[1].answer("again");
  await settle();
  expect(answers).toEqual(["again"]);
});
