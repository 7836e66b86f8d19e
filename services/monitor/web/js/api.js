/** The centre's JSON API: one function a path. */

import { formatLabels } from "./labels.js";

/** @import { Alarms, Curve, Overview, SeriesList } from "./types.js" */

const TIMEOUT_MS = 20_000;

/** An answer that is none: status 0 is a centre that did not answer at all. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @typedef {Object} CurveRequest
 * @property {string} name
 * @property {Record<string, string>} labels
 * @property {string} value
 * @property {string} by
 * @property {number} from
 * @property {number} to
 * @property {number} step
 * @property {string[]} overlays
 *
 * @typedef {Object} NewSilence
 * @property {Record<string, string>} matcher
 * @property {number} minutes
 * @property {string} author
 * @property {string} comment
 */

/** @param {number} range_s */
export function livePath(range_s) {
  return `/api/live?range_s=${range_s}`;
}

/**
 * @param {number} range_s
 * @returns {Promise<Overview>}
 */
export function overview(range_s) {
  return ask(`/api/overview?range_s=${range_s}`);
}

/**
 * @param {string} match
 * @param {number} limit
 * @param {AbortSignal} [signal]
 * @returns {Promise<SeriesList>}
 */
export function series(match, limit, signal) {
  return ask(`/api/series?${new URLSearchParams({ match, limit: String(limit) })}`, { signal });
}

/**
 * @param {CurveRequest} request
 * @param {AbortSignal} signal
 * @returns {Promise<Curve>}
 */
export function curve({ name, labels, value, by, from, to, step, overlays }, signal) {
  const params = new URLSearchParams({ name, value, by, from: String(from), to: String(to), step: String(step) });
  if (Object.keys(labels).length > 0) params.set("labels", formatLabels(labels));
  if (overlays.length > 0) params.set("overlay", overlays.join(","));
  return ask(`/api/query?${params}`, { signal });
}

/** @returns {Promise<Alarms>} */
export function alarms() {
  return ask("/api/alarms");
}

/**
 * @param {NewSilence} silence
 * @param {string | null} token
 */
export function createSilence(silence, token) {
  const headers = { "content-type": "application/json", ...bearer(token) };
  return ask("/api/silences", { method: "POST", headers, body: JSON.stringify(silence) });
}

/**
 * @param {string} id
 * @param {string | null} token
 */
export function expireSilence(id, token) {
  return ask(`/api/silences/${encodeURIComponent(id)}`, { method: "DELETE", headers: bearer(token) });
}

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<any>}  what the contract says the path answers; null where it answers nothing
 */
async function ask(path, init = {}) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  let response, text;
  try {
    response = await fetch(path, { ...init, signal });
    text = await response.text();
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, String(error instanceof Error ? error.message : error));
  }
  const body = parse(text);
  if (!response.ok) throw new ApiError(response.status, body?.error ?? body?.message ?? response.statusText);
  return body;
}

/** @param {string | null} token */
function bearer(token) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers.authorization = `Bearer ${token}`;
  return headers;
}

/** @param {string} text */
function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
