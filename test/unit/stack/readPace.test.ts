import { describe, expect, test } from "vitest";
import { ReadPace } from "../../../src/stack/readPace";

const MIB = 2 ** 20;

describe("the pace of a file", () => {
  test("is not quick before a read was", () => {
    expect(new ReadPace().isQuick).toBe(false);
  });

  test("is quick after a quick read through the pool, until one at once is slow", () => {
    const pace = new ReadPace();
    pace.took(MIB, 0.3);
    expect(pace.isQuick).toBe(true);
    pace.took(MIB, 0.1);
    expect(pace.isQuick).toBe(true);
    pace.took(MIB, 12);
    expect(pace.isQuick).toBe(false);
    pace.took(MIB, 12);
    expect(pace.isQuick).toBe(false);
    pace.took(MIB, 0.3);
    expect(pace.isQuick).toBe(true);
  });

  test("is not told by small reads, which take as long as the call", () => {
    const pace = new ReadPace();
    pace.took(100, 0.001);
    expect(pace.isQuick).toBe(false);
    pace.took(MIB, 0.3);
    pace.took(100, 0.05);
    expect(pace.isQuick).toBe(true);
  });

  test("lets others have the thread after some milliseconds, whatever was done in them", () => {
    const pace = new ReadPace();
    expect(pace.isLong(5)).toBe(true);
    pace.rested(5);
    expect(pace.isLong(15)).toBe(false);
    expect(pace.isLong(40)).toBe(true);
  });
});
