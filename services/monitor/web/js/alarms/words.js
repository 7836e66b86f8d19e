/** How an alarm is told: its state as a sign, its urgency, its age. */

import { now, span } from "../clock.js";
import { isFigure, join, quantity } from "../number.js";

/** @import { IconName } from "../icon.js" */
/** @import { Alarm } from "../types.js" */

/** The most urgent first. */
export const STATES = /** @type {const} */ (["firing", "pending", "error", "no_data", "recovering"]);

/** @type {Record<Alarm["state"], IconName>} */
const ICONS = { firing: "alert", pending: "clock", error: "alert", no_data: "help", recovering: "recovering" };

const UNITS = ["microseconds", "milliseconds", "seconds", "bytes"];

/**
 * @param {Alarm} alarm
 * @returns {IconName}
 */
export function alarmIcon({ state, silenced }) {
  return silenced ? "muted" : (ICONS[state] ?? "alert");
}

/**
 * What colours it: only what fires and is critical is red; what is silenced, or has no figure to judge by, has no colour.
 *
 * @param {Alarm} alarm
 * @returns {"bad" | "warning" | "muted"}
 */
export function alarmTone({ state, severity, silenced }) {
  if (silenced || state === "no_data") return "muted";
  return state === "firing" && severity === "critical" ? "bad" : "warning";
}

/**
 * How long it has been as it is.
 *
 * @param {Alarm} alarm
 */
export function alarmAge({ since }) {
  return span(isFigure(since) ? now() - since : null);
}

/**
 * @param {Alarm} alarm
 * @param {"value" | "threshold"} which
 */
export function alarmFigure(alarm, which) {
  return join(quantity(alarm[which], alarmUnit(alarm)));
}

/**
 * A metric's name ends with its unit. What is compared with one or less is a share of something, whatever it was divided from.
 *
 * @param {Alarm} alarm
 */
function alarmUnit({ query, threshold }) {
  const params = new URLSearchParams(query ?? "");
  const last = params.get("name")?.split("_").at(-1) ?? "";
  if (!UNITS.includes(last) || (threshold ?? 0) <= 1) return "";
  return params.get("value") === "rate" ? `${last}/s` : last;
}

/**
 * @param {Alarm} a
 * @param {Alarm} b
 */
export function moreUrgent(a, b) {
  return (
    Number(a.silenced) - Number(b.silenced) ||
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    Number(b.severity === "critical") - Number(a.severity === "critical") ||
    (a.since ?? 0) - (b.since ?? 0)
  );
}
