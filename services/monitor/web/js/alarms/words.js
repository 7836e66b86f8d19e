/** How an alarm is told: its state as a sign, its labels and figures as text. */

import { join, quantity } from "../number.js";

/** @import { IconName } from "../icon.js" */
/** @import { Alarm } from "../types.js" */

/** @type {Alarm["state"][]} */
const URGENT_FIRST = ["firing", "pending", "recovering"];

/**
 * @param {Alarm} alarm
 * @returns {IconName}
 */
export function alarmIcon({ state, silenced }) {
  if (silenced) return "muted";
  return state === "firing" ? "alert" : state === "pending" ? "clock" : "recovering";
}

/**
 * What colours it: a silenced alarm has no colour, a pending one only that of a warning.
 *
 * @param {Alarm} alarm
 * @returns {"bad" | "warning" | "muted"}
 */
export function alarmTone({ state, severity, silenced }) {
  if (silenced) return "muted";
  return state === "firing" && severity === "critical" ? "bad" : "warning";
}

/**
 * @param {Alarm} alarm
 * @param {number | null} value
 */
export function alarmFigure({ unit = "" }, value) {
  return join(quantity(value, unit));
}

/**
 * The most urgent first.
 *
 * @param {Alarm} a
 * @param {Alarm} b
 */
export function moreUrgent(a, b) {
  return (
    Number(a.silenced) - Number(b.silenced) ||
    URGENT_FIRST.indexOf(a.state) - URGENT_FIRST.indexOf(b.state) ||
    Number(b.severity === "critical") - Number(a.severity === "critical") ||
    a.since - b.since
  );
}
