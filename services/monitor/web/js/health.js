/**
 * How bad a figure is, by fixed marks: they colour the page and put the worst first. Alarms have rules of their own.
 *
 * @import { GraphEdge, GraphNode, Instance, Method } from "./types.js"
 * @typedef {"ok" | "warning" | "bad"} Level
 */

const ERRORS_WARNING = 0.001;
const ERRORS_BAD = 0.01;
/** DAGOR's mark of an overloaded server is a mean wait of 20 ms; half of it is a sign. */
const QUEUE_WARNING_US = 10_000;
const QUEUE_BAD_US = 20_000;
const REJECTED_WARNING = 0.001;
const REJECTED_BAD = 0.01;
const LAG_WARNING_US = 20_000;
const LAG_BAD_US = 100_000;

/** @type {Record<Level, number>} */
const RANK = { ok: 0, warning: 1, bad: 2 };

/**
 * @param {number} errors  share, 0 to 1
 * @returns {Level}
 */
export function errorLevel(errors) {
  return level(errors, ERRORS_WARNING, ERRORS_BAD);
}

/**
 * @param {number | null} queue_us
 * @returns {Level}
 */
export function queueLevel(queue_us) {
  return level(queue_us ?? 0, QUEUE_WARNING_US, QUEUE_BAD_US);
}

/**
 * @param {number | null} lag_us
 * @returns {Level}
 */
export function lagLevel(lag_us) {
  return level(lag_us ?? 0, LAG_WARNING_US, LAG_BAD_US);
}

/**
 * @param {Method} method
 * @returns {Level}
 */
export function rejectedLevel(method) {
  const asked = method.qps + method.rejected;
  return asked > 0 ? level(method.rejected / asked, REJECTED_WARNING, REJECTED_BAD) : "ok";
}

/**
 * @param {Method} method
 * @returns {Level}
 */
export function methodLevel(method) {
  return worst([errorLevel(failureShare(method)), queueLevel(method.queue_us), rejectedLevel(method)]);
}

/**
 * @param {GraphNode | GraphEdge} part
 * @returns {Level}
 */
export function graphLevel(part) {
  return errorLevel(part.errors);
}

/**
 * Worst method first: by level, then by calls that went wrong a second, then by p99, then by calls.
 *
 * @param {Method} a
 * @param {Method} b
 * @returns {number}
 */
export function worseMethod(a, b) {
  return (
    RANK[methodLevel(b)] - RANK[methodLevel(a)] ||
    wrong(b) - wrong(a) ||
    (b.p99_us ?? 0) - (a.p99_us ?? 0) ||
    b.qps - a.qps ||
    a.service.localeCompare(b.service)
  );
}

/**
 * Worst edge first: by level, then by calls that went wrong a second, then by calls.
 *
 * @param {GraphEdge} a
 * @param {GraphEdge} b
 * @returns {number}
 */
export function worseEdge(a, b) {
  return RANK[graphLevel(b)] - RANK[graphLevel(a)] || b.qps * b.errors - a.qps * a.errors || b.qps - a.qps;
}

/**
 * Silent instances first, then by host and name.
 *
 * @param {Instance} a
 * @param {Instance} b
 * @returns {number}
 */
export function worseInstance(a, b) {
  return (
    Number(b.silent) - Number(a.silent) ||
    RANK[lagLevel(b.lag_us)] - RANK[lagLevel(a.lag_us)] ||
    a.host.localeCompare(b.host) ||
    a.instance.localeCompare(b.instance)
  );
}

/** @param {Method} method */
function failureShare(method) {
  return method.qps > 0 ? 1 - method.success : 0;
}

/**
 * Of one call in a thousand seconds nothing is asked: less than that is noise of the mean.
 *
 * @param {Method} method
 */
function wrong(method) {
  const a_second = method.qps * failureShare(method) + method.rejected;
  return a_second < 0.001 ? 0 : a_second;
}

/** @param {Level[]} levels */
function worst(levels) {
  return levels.reduce((a, b) => (RANK[b] > RANK[a] ? b : a));
}

/**
 * @param {number} value
 * @param {number} warning
 * @param {number} bad
 * @returns {Level}
 */
function level(value, warning, bad) {
  return value >= bad ? "bad" : value >= warning ? "warning" : "ok";
}
