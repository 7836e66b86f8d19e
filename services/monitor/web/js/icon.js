/** The few signs of the page, as SVG paths on a 16 × 16 field. */

import { svg } from "./dom.js";

const PATHS = {
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm3.3 7.8 3.4 3.4",
  close: "m4 4 8 8m0-8-8 8",
  check: "m3 8.5 3.2 3.2L13 5",
  alert: "M8 2.2 14.6 13.6H1.4L8 2.2Zm0 4.3v3.2m0 1.7v.4",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm0 2.8V8l2.2 1.6",
  muted: "M3 3l10 10M6 3.6A4 4 0 0 1 12 7v3l1 2H5.5M4.2 6.4 4 7v3l-1 2m3.6 1.8h2.8",
  recovering: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  sun: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Zm0-3.7v1.3m0 10.4v1.3M1.5 8h1.3m10.4 0h1.3M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9",
  moon: "M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z",
  auto: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2Zm0 0v12m1-11.2v10.4m1.5-9.6v8.8m1.5-7.4v6",
  key: "M10.2 2.5a3.3 3.3 0 1 1-2.6 5.3L2.5 13v.5h2v-1.6h1.6v-1.6h1.3l1.1-1.1M11 5v.1",
  help: "M5.8 6.1a2.3 2.3 0 1 1 3.5 2c-.8.5-1.3.9-1.3 1.8m0 2v.3",
  right: "m6 3.5 4.5 4.5L6 12.5",
  plus: "M8 3v10M3 8h10",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Beside words, or with a label on what holds it: hidden from screen readers itself.
 *
 * @param {IconName} name
 */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
