/**
 * What channels are called.
 * @module
 */
import type { StackDescription } from "../../src/protocol/viewer";

/** The name that the file gives a channel, else its number from 0. */
export function channelName({ channels }: StackDescription, channel: number): string {
  const name = channels[channel]?.name?.trim() ?? "";
  return name === "" ? `Channel ${channel}` : name;
}
