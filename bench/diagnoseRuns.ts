/**
 * How well marks of tiles are found with the record of a run, and with its network: detection, right cause, false alarms.
 * `node bench/run.mjs diagnoseRuns [number of cases] [first seed]`
 * @module
 */
import type { Diagnosis } from "../src/diagnose/diagnosis";
import { percentText, proportion } from "./diagnose/measures";
import { openNetworks } from "./diagnose/networks";
import { judgeRun, runCase } from "./diagnose/runs";
import type { RunCase } from "./diagnose/runs";

const MODES = ["record", "model"] as const;

/** What was counted in one mode. */
interface Count {
  exact: number;
  alarms: number;
  planted: number;
  found: number;
  caused: number;
}

async function main(cases: number, first: number): Promise<void> {
  const { networks, missing } = await openNetworks();
  for (const text of missing) console.log(text);
  const count = Object.fromEntries(
    MODES.map((mode): [string, Count] => [mode, { exact: 0, alarms: 0, planted: 0, found: 0, caused: 0 }]),
  );
  for (let seed = first; seed < first + cases; seed++) {
    const one = await runCase(seed, networks, seed % 2 === 0);
    if (one === null) continue;
    const judged = await judgeRun(one);
    for (const mode of MODES) add(count[mode], one, judged[mode]);
  }
  for (const mode of MODES) {
    const { exact, alarms, planted, found, caused } = count[mode];
    console.log(mode);
    console.log(`  false alarms  ${percentText(proportion(alarms, exact))}`);
    console.log(`  detection     ${percentText(proportion(found, planted))}`);
    console.log(`  right causes  ${percentText(proportion(caused, planted))}`);
  }
  for (const { session } of networks) await session.dispose();
}

function add(count: Count, one: RunCase, { verdict, findings, mode }: Diagnosis): void {
  const causes = new Set(findings.map(({ cause }) => cause));
  const isAlarm = verdict === "artifacts";
  const isRight = one.causes.every((cause) => causes.has(cause)) && causes.size === one.causes.length;
  if (one.planted.length === 0) {
    count.exact++;
    if (isAlarm) count.alarms++;
  } else {
    count.planted++;
    if (isAlarm) count.found++;
    if (isRight) count.caused++;
  }
  const wrong = one.planted.length === 0 ? isAlarm : !isAlarm || !isRight;
  if (wrong) {
    const planted = one.planted.length === 0 ? "nothing" : one.planted.join(" + ");
    console.log(`seed ${one.seed}, ${mode}: planted ${planted}, said ${verdict} ${[...causes].join(", ")}`);
  }
}

const [cases = "200", first = "1"] = process.argv.slice(2);
void main(Number(cases), Number(first));
