/**
 * What goes wrong in a page is told to its host.
 * @module
 */
import type { Viewer } from "../src/protocol/viewer";

/** What hears of the events that every page has. */
interface FaultListener {
  cspViolation(event: Viewer["events"]["cspViolation"]): void;
  fault(event: Viewer["events"]["fault"]): void;
}

/** Tells the host of violations of the content security policy and of errors that nobody caught, from now on. */
export function tellFaults(listener: FaultListener): void {
  window.addEventListener("securitypolicyviolation", (event) => {
    listener.cspViolation({ directive: event.effectiveDirective, blocked: event.blockedURI });
  });
  window.addEventListener("error", (event) => {
    listener.fault({ message: event.message });
  });
  window.addEventListener("unhandledrejection", (event) => {
    listener.fault({ message: String(event.reason) });
  });
}
