/** The page's words in the language chosen. What a server wrote (names, help, summaries) is never translated. */

import { remember } from "../settings.js";
import { en } from "./en.js";
import { zh } from "./zh.js";

/** @typedef {keyof typeof en} Word */

const LANGUAGES = { en, zh };

/** @returns {"en" | "zh"} */
export function language() {
  return document.documentElement.lang === "zh" ? "zh" : "en";
}

export function switchLanguage() {
  const next = language() === "zh" ? "en" : "zh";
  document.documentElement.lang = next;
  remember("language", next);
}

/**
 * @param {Word} word
 * @param {Record<string, string | number>} [values]  for the `{name}`s in it
 * @returns {string}
 */
export function t(word, values = {}) {
  return LANGUAGES[language()][word].replace(/\{(\w+)\}/g, (hole, name) => String(values[name] ?? hole));
}

/**
 * The word for something a server named, or its own name made readable where it is none of ours.
 *
 * @param {string} prefix
 * @param {string} name
 * @returns {string}
 */
export function named(prefix, name) {
  const word = `${prefix}_${name}`;
  return Object.hasOwn(en, word) ? t(/** @type {Word} */ (word)) : name.replaceAll("_", " ");
}
