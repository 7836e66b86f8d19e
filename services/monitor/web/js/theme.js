/** Dark, light, or as the system says. The colours themselves are `style/tokens.css`. */

import { remember, remembered } from "./settings.js";

/** @typedef {"auto" | "dark" | "light"} Theme */

/** @type {Theme[]} */
const ORDER = ["auto", "dark", "light"];
/** @type {Set<() => void>} */
const watchers = new Set();

const system = matchMedia("(prefers-color-scheme: dark)");
system.addEventListener("change", tell);

/** @returns {Theme} */
export function theme() {
  const value = /** @type {Theme | null} */ (remembered("theme"));
  return value && ORDER.includes(value) ? value : "auto";
}

/** Goes on to the next theme. */
export function switchTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length] ?? "auto";
  remember("theme", next);
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  tell();
}

/**
 * Calls `watcher` whenever colours changed.
 *
 * @param {() => void} watcher
 * @returns {() => void}  ends it
 */
export function onTheme(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/**
 * A colour of the style sheet as canvas understands it. Only a used property is resolved by the browser, so one element uses it.
 *
 * @param {string} token  a custom property's name
 * @returns {string}
 */
export function colour(token) {
  const root = document.documentElement;
  root.style.setProperty("outline-color", `var(${token})`);
  const value = getComputedStyle(root).outlineColor;
  root.style.removeProperty("outline-color");
  return value;
}

function tell() {
  for (const watcher of watchers) watcher();
}
