/** What stands at the axes of a chart: times with their day where it changes, figures with their unit. */

import { day, minute } from "../clock.js";
import { join, quantity } from "../number.js";

const DAY_S = 86_400;
const TENS = [1, 2, 5];

/**
 * @param {number[]} splits  unix seconds
 * @param {number} step_s  between them
 * @returns {string[]}
 */
export function timeLabels(splits, step_s) {
  let before = "";
  return splits.map((at) => {
    const date = new Date(at * 1000);
    const today = day(date);
    if (step_s >= DAY_S) return today;
    const time = step_s < 60 ? `${minute(date)}:${String(date.getSeconds()).padStart(2, "0")}` : minute(date);
    const label = today === before ? time : `${time}\n${today}`;
    before = today;
    return label;
  });
}

/**
 * @param {number[]} splits
 * @param {string} unit
 * @returns {string[]}
 */
export function figureLabels(splits, unit) {
  return splits.map((value) => (value === 0 ? "0" : join(quantity(value, unit))));
}

/**
 * Steps that are whole in the unit: powers of two for bytes, sixties for long times.
 *
 * @param {string} unit
 * @returns {number[]}
 */
export function figureSteps(unit) {
  if (unit.startsWith("bytes")) return Array.from({ length: 52 }, (_, power) => 2 ** power);
  if (unit === "us" || unit === "microseconds") return timeSteps(1e6);
  if (unit === "ms" || unit === "milliseconds") return timeSteps(1e3);
  if (unit === "s" || unit === "seconds") return timeSteps(1);
  return decimals(-6, 15);
}

/** @param {number} second  in the unit of the series */
function timeSteps(second) {
  const short = decimals(-6, Math.log10(second)).concat([second * 10]);
  const long = [
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14_400,
    43_200,
    DAY_S,
    2 * DAY_S,
    5 * DAY_S,
    10 * DAY_S,
    50 * DAY_S,
    100 * DAY_S,
  ];
  return short.concat(long.map((seconds) => seconds * second));
}

/**
 * @param {number} from  power of ten
 * @param {number} to
 */
function decimals(from, to) {
  const steps = [];
  for (let power = from; power <= to; power++) for (const digit of TENS) steps.push(Number(`${digit}e${power}`));
  return steps;
}
