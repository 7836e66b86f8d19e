/**
 * One thing that must hold, checked in a tab of its own.
 *
 * @import { Tab } from "./tab.js"
 *
 * @typedef {Object} Check
 * @property {string} name
 * @property {(tab: Tab) => Promise<void>} run
 * @property {boolean} [vital]  without it no other makes sense
 */

/**
 * @param {unknown} holds
 * @param {string} otherwise  what is wrong if it does not
 * @returns {asserts holds}
 */
export function must(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/**
 * Asks until the answer is true.
 *
 * @param {string} what  is waited for
 * @param {number} within_ms
 * @param {() => Promise<boolean>} ask
 */
export async function until(what, within_ms, ask) {
  const end = Date.now() + within_ms;
  while (!(await ask())) {
    must(Date.now() < end, `after ${within_ms / 1000} s still waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
