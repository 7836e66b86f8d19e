/**
 * What a curve view shows, and how its address says so:
 * `#/curve?name=…&labels=k:v,k:v&value=p99&by=instance&range=3600&overlay=yesterday,lastweek&threshold=…`, or `from=…&to=…` (unix
 * seconds) in place of `range`. A `range` follows the newest figures; `from` and `to` stand still.
 *
 * @typedef {"rate" | "sum" | "avg" | "min" | "max" | "last" | `p${number}`} Value
 * @typedef {"yesterday" | "lastweek"} Overlay
 * @typedef {{ last_s: number } | { from: number, to: number }} Range
 *
 * @typedef {Object} CurveQuery
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {Value} value
 * @property {string} by  all, service, host, instance, or a label
 * @property {Range} range
 * @property {Overlay[]} overlays
 * @property {number | null} threshold  a line drawn across
 */

import { formatLabels, parseLabels } from "./labels.js";

/** @type {Value[]} */
export const VALUES = ["rate", "sum", "avg", "min", "max", "last", "p50", "p90", "p99"];
const PERCENTILE = /^p\d{1,3}(\.\d+)?$/;
/** @type {Overlay[]} */
export const OVERLAYS = ["yesterday", "lastweek"];
/** The ranges offered, seconds: 15 minutes to the 15 days that the store keeps by minutes. */
export const RANGES_S = /** @type {const} */ ([900, 3600, 21600, 86400, 172800, 604800, 1296000]);

const RANGE_DEFAULT_S = 3600;
const RANGE_LEAST_S = 60;
/** The store's longest tier is two years. */
const RANGE_MOST_S = 2 * 366 * 86_400;
/** More points than this are more than pixels on most screens. */
const POINTS_MOST = 480;
const STEPS_S = [10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800];
/** The store keeps ten-second points for two days and minutes for fifteen; before that, hours. */
const TEN_SECONDS_KEPT_S = 48 * 3600;
const MINUTES_KEPT_S = 15 * 86_400;

/**
 * @param {URLSearchParams} params
 * @returns {CurveQuery}
 */
export function parseQuery(params) {
  const list = (/** @type {string} */ name) => (params.get(name) ?? "").split(",");
  const threshold = Number(params.get("threshold") ?? NaN);
  return {
    name: params.get("name") ?? "",
    labels: parseLabels(params.get("labels") ?? ""),
    value: parseValue(params.get("value") ?? ""),
    by: params.get("by") || "all",
    range: parseRange(params),
    overlays: OVERLAYS.filter((overlay) => list("overlay").includes(overlay)),
    threshold: Number.isFinite(threshold) ? threshold : null,
  };
}

/**
 * @param {CurveQuery} query
 * @returns {URLSearchParams}
 */
export function formatQuery({ name, labels, value, by, range, overlays, threshold }) {
  const params = new URLSearchParams({ name });
  if (Object.keys(labels).length > 0) params.set("labels", formatLabels(labels));
  params.set("value", value);
  if (by !== "all") params.set("by", by);
  if ("last_s" in range) params.set("range", String(range.last_s));
  else {
    params.set("from", String(range.from));
    params.set("to", String(range.to));
  }
  if (overlays.length > 0) params.set("overlay", overlays.join(","));
  if (threshold !== null) params.set("threshold", String(threshold));
  return params;
}

/**
 * The values that mean something for a kind of series, the usual one first.
 *
 * @param {string} kind
 * @returns {Value[]}
 */
export function valuesOf(kind) {
  switch (kind) {
    case "counter":
      return ["rate", "sum"];
    case "gauge":
      return ["sum", "avg", "min", "max", "last"];
    case "max":
      return ["max", "avg", "last"];
    case "histogram":
      return ["p99", "p90", "p50", "avg", "rate", "sum"];
    default:
      return VALUES;
  }
}

/**
 * The unit of a curve's figures: a rate of bytes is bytes a second, a rate of a histogram of time is observations a second.
 *
 * @param {string} unit  of the series
 * @param {string} kind
 * @param {Value} value
 * @returns {string}
 */
export function unitOf(unit, kind, value) {
  if (value !== "rate") return unit;
  return kind === "histogram" ? "/s" : `${unit}/s`;
}

/**
 * @param {Range} range
 * @param {number} now
 * @returns {{ from: number, to: number }}
 */
export function bounds(range, now) {
  return "last_s" in range ? { from: now - range.last_s, to: now } : range;
}

/**
 * The seconds between points: few enough points for a screen, and none finer than what is kept of the oldest of them.
 *
 * @param {{ from: number, to: number }} bounds
 * @param {Overlay[]} overlays
 * @param {number} now
 * @returns {number}
 */
export function stepFor({ from, to }, overlays, now) {
  const back_s = overlays.includes("lastweek") ? 7 * 86_400 : overlays.includes("yesterday") ? 86_400 : 0;
  const oldest_s = now - from + back_s;
  const kept_s = oldest_s <= TEN_SECONDS_KEPT_S ? 10 : oldest_s <= MINUTES_KEPT_S + 3600 ? 60 : 3600;
  const wanted_s = Math.max(kept_s, (to - from) / POINTS_MOST);
  return STEPS_S.find((step) => step >= wanted_s) ?? 172_800;
}

/**
 * @param {string} text
 * @returns {Value}
 */
function parseValue(text) {
  if (PERCENTILE.test(text)) return /** @type {Value} */ (text);
  return VALUES.find((value) => value === text) ?? "avg";
}

/**
 * @param {URLSearchParams} params
 * @returns {Range}
 */
function parseRange(params) {
  const from = Number(params.get("from") ?? NaN);
  const to = Number(params.get("to") ?? NaN);
  if (Number.isFinite(from) && Number.isFinite(to) && to - from >= RANGE_LEAST_S && to - from <= RANGE_MOST_S) {
    return { from: Math.floor(from), to: Math.floor(to) };
  }
  const last_s = Number(params.get("range") ?? NaN);
  return { last_s: last_s >= RANGE_LEAST_S && last_s <= RANGE_MOST_S ? Math.floor(last_s) : RANGE_DEFAULT_S };
}
