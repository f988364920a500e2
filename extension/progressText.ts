/**
 * Numbers of a prediction in words.
 * @module
 */
import type { PacedProgress } from "../src/job";
import type { BatchProgress } from "../src/predict/batchProgress";
import { placeText } from "../src/predict/batchText";

/** What every notification is about, so that it need not be said. */
const PREDICTING = "predicting";

/** One line: what is being done, how much of it is done, how fast, and how long it will take. */
export function progressText({ what, done, total, unit, perSecond, secondsLeft }: PacedProgress): string {
  const count = `${done} of ${total} ${unit}`;
  const parts = [total === 0 ? what : what === PREDICTING ? count : `${what}: ${count}`];
  if (perSecond !== null && perSecond > 0) {
    parts.push(perSecond >= 1 ? `${perSecond.toFixed(1)} ${unit}/s` : `${(1 / perSecond).toFixed(1)} s each`);
  }
  if (secondsLeft !== null) parts.push(`${durationText(secondsLeft)} left`);
  return parts.join(" · ");
}

/** One line about a batch: which file, how far it is, and how long all files that are left will take. */
export function batchProgressText(progress: BatchProgress): string {
  const { within, secondsLeft } = progress;
  const parts = [placeText(progress)];
  if (within !== null) parts.push(progressText({ ...within, secondsLeft: null, perSecond: null }));
  if (secondsLeft !== null) parts.push(`${durationText(secondsLeft)} left in all`);
  return parts.join(" · ");
}

/** Seconds as people say them: "less than a second", "40 s", "3 min 20 s", "2 h 5 min". */
export function durationText(seconds: number): string {
  if (seconds < 1) return "less than a second";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600)
    return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
