/** Path of a Chromium or Chrome, null when there is none; throws when TILEWRIGHT_CHROMIUM names no program. */
export function findChromium(): string | null;
/** Installs Debian's Chromium with apt, and says where it is; throws when that cannot be done. */
export function installChromium(): string;
