/**
 * The panel of a diagnosis: asks the host for it and shows it. Draws and asks; computes nothing that has units.
 * @module
 */
import { Channel } from "../src/protocol/channel";
import type { DiagnosisHost, DiagnosisPanel, ShownDiagnosis } from "../src/protocol/diagnosis";
import { VERDICT_NAMES } from "../src/diagnose/words";
import { makePage } from "./diagnosis/page";
import type { Part } from "./diagnosis/part";
import { element } from "./dom";
import { tellFaults } from "./faults";
import { openHostDoor } from "./port";
import { makeButton } from "./toolkit";

const TOLD_MS = 8000;

const door = openHostDoor();
const channel = new Channel<DiagnosisPanel, DiagnosisHost>(door, {});
/** Says the verdict to screen readers, and what became of what was asked for. */
const spoken = element("p", { id: "spoken", role: "status", "aria-live": "polite" });
const told = element("p", { id: "told", role: "status", "aria-live": "polite", hidden: "" });
let page: Part | null = null;
let telling: ReturnType<typeof setTimeout> | undefined;

tellFaults({
  cspViolation: (event) => {
    channel.emit("cspViolation", event);
  },
  fault: (event) => {
    channel.emit("fault", event);
  },
});

function tell(message: string): void {
  told.textContent = message;
  told.hidden = false;
  clearTimeout(telling);
  telling = setTimeout(() => {
    told.hidden = true;
  }, TOLD_MS);
}

function show(shown: ShownDiagnosis): void {
  const { diagnosis, name } = shown;
  door.save({ key: shown.key });
  const focused = document.activeElement?.id ?? "";
  page?.dispose?.();
  page = makePage(shown, { channel, tell });
  document.querySelector("#app")?.replaceChildren(spoken, page.element, told);
  spoken.textContent = `Diagnosis of ${name}: ${VERDICT_NAMES[diagnosis.verdict]}. ${diagnosis.summary}`;
  document.body.dataset.state = "ready";
  if (focused !== "" && document.hasFocus()) document.getElementById(focused)?.focus();
}

function showProblem(message: string): void {
  page?.dispose?.();
  page = null;
  const again = makeButton(
    { id: "diagnose-again", text: "Diagnose Again", title: "Look at the stack once more" },
    true,
    () => void channel.request("diagnoseAgain", undefined).catch((error: unknown) => tell(String(error))),
  );
  const log = makeButton({ id: "show-log", text: "Show Log", title: "Show Log" }, false, () => {
    channel.request("showLog", undefined).catch((error: unknown) => tell(String(error)));
  });
  const buttons = element("div", { class: "buttons" }, again, log);
  const problem = element("div", { id: "problem", role: "alert" }, element("p", {}, message), buttons);
  document.querySelector("#app")?.replaceChildren(spoken, problem, told);
  document.body.dataset.state = "error";
}

async function open(): Promise<void> {
  try {
    const shown = await channel.request("diagnosis", undefined);
    if (shown === null) showProblem("This diagnosis is not there any more.");
    else show(shown);
  } catch (error) {
    showProblem(error instanceof Error ? error.message : String(error));
  }
}

channel.on("diagnosisChanged", () => void open());
void open();
