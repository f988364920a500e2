/**
 * The version of this package, as in package.json.
 * @module
 */
export { version } from "../package.json";
