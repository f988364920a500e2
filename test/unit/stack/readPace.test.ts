import { describe, expect, test } from "vitest";
import { ReadPace } from "../../../src/stack/readPace";

const MIB = 2 ** 20;

describe("the pace of a file", () => {
  test("is not quick before a read was", () => {
    expect(new ReadPace().isQuick).toBe(false);
  });

  test("is quick after a quick read through the pool, until one at once is slow", () => {
    const pace = new ReadPace();
    pace.readThroughPool(MIB, 0.3);
    expect(pace.isQuick).toBe(true);
    pace.readAtOnce(MIB, 0.1);
    expect(pace.isQuick).toBe(true);
    pace.readAtOnce(MIB, 12);
    expect(pace.isQuick).toBe(false);
    pace.readThroughPool(MIB, 12);
    expect(pace.isQuick).toBe(false);
    pace.readThroughPool(MIB, 0.3);
    expect(pace.isQuick).toBe(true);
  });

  test("is not told by small reads, which take as long as the call", () => {
    const pace = new ReadPace();
    pace.readThroughPool(100, 0.001);
    expect(pace.isQuick).toBe(false);
    pace.readThroughPool(MIB, 0.3);
    pace.readAtOnce(100, 0.05);
    expect(pace.isQuick).toBe(true);
  });

  test("lets others have the thread after some milliseconds", () => {
    const pace = new ReadPace();
    for (let i = 0; i < 100; i++) pace.readAtOnce(MIB, 0.1);
    expect(pace.isLong).toBe(false);
    for (let i = 0; i < 120; i++) pace.readAtOnce(MIB, 0.1);
    expect(pace.isLong).toBe(true);
    pace.rested();
    expect(pace.isLong).toBe(false);
  });
});
