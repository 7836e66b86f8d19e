/** Whether a silence would hold for an alarm: every label it names is there with that value; `rule` and `severity` are labels, too. */

/** @import { Alarm } from "../types.js" */

/**
 * @param {Record<string, string>} matcher  of no labels matches nothing
 * @param {Pick<Alarm, "rule" | "severity" | "labels">} alarm
 */
export function matches(matcher, { rule, severity, labels }) {
  /** @type {Record<string, string>} */
  const all = { ...labels, rule, severity };
  const pairs = Object.entries(matcher);
  return pairs.length > 0 && pairs.every(([name, value]) => Object.hasOwn(all, name) && all[name] === value);
}
