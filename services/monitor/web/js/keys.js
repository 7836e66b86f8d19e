/** Keys that mean something on every page. While somebody writes they mean what they say; with Ctrl, Alt or Meta they are the browser's. */

import { go, link } from "./route.js";

/** After `g` the next key names a page, if it comes soon. */
const GO_WITHIN_MS = 1_200;

/**
 * @typedef {Object} KeyActions
 * @property {() => void} search
 * @property {() => void} theme
 * @property {() => void} language
 * @property {() => void} help
 * @property {(key: string) => boolean} view  what the page itself does with it
 */

/** @param {KeyActions} actions */
export function listenToKeys(actions) {
  let goUntil_ms = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (writes(event.target) || document.querySelector("dialog[open]")) return;
    if (performance.now() < goUntil_ms) {
      goUntil_ms = 0;
      if (event.key === "o") go(link("overview"));
      else if (event.key === "a") go(link("alarms"));
      else return;
    } else if (event.key === "g") goUntil_ms = performance.now() + GO_WITHIN_MS;
    else if (event.key === "/") actions.search();
    else if (event.key === "?") actions.help();
    else if (event.key === "t") actions.theme();
    else if (event.key === "l") actions.language();
    else if (!actions.view(event.key)) return;
    event.preventDefault();
  });
}

/** @param {EventTarget | null} target */
function writes(target) {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
