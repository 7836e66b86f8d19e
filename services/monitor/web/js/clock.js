/** Times and spans in words. The browser's time zone; 24 hours; the server's clock, not the browser's, says what is now. */

import { NONE, isFigure } from "./number.js";

/** The server's clock minus ours, seconds. A browser's clock may be minutes off; ages would be too. */
let skew_s = 0;

/** @param {number} server_s  what the server just said is now */
export function setNow(server_s) {
  skew_s = server_s - Date.now() / 1000;
}

/** Unix seconds on the server. */
export function now() {
  return Math.floor(Date.now() / 1000 + skew_s);
}

/**
 * Two units at most: "42s", "14m", "3h 5m", "12d 4h".
 *
 * @param {number | null | undefined} seconds
 * @returns {string}
 */
export function span(seconds) {
  if (!isFigure(seconds)) return NONE;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return pair(whole, 60, "m", 1, "s");
  if (whole < 86_400) return pair(whole, 3600, "h", 60, "m");
  return pair(whole, 86_400, "d", 3600, "h");
}

/**
 * "14:03:20", with the day before it unless that is today.
 *
 * @param {number} unix_s
 * @returns {string}
 */
export function moment(unix_s) {
  const date = new Date(unix_s * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return sameDay(date, new Date()) ? time : `${day(date)} ${time}`;
}

/**
 * "11-28".
 *
 * @param {Date} date
 * @returns {string}
 */
export function day(date) {
  return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * "14:03".
 *
 * @param {Date} date
 * @returns {string}
 */
export function minute(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * As `<input type="datetime-local">` wants it.
 *
 * @param {number} unix_s
 * @returns {string}
 */
export function inputValue(unix_s) {
  const date = new Date(unix_s * 1000);
  return `${date.getFullYear()}-${day(date)}T${minute(date)}`;
}

/**
 * @param {Date} a
 * @param {Date} b
 */
function sameDay(a, b) {
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() && a.getDate() === b.getDate();
}

/** @param {number} n */
function two(n) {
  return String(n).padStart(2, "0");
}

/**
 * @param {number} seconds
 * @param {number} large
 * @param {string} largeName
 * @param {number} small
 * @param {string} smallName
 */
function pair(seconds, large, largeName, small, smallName) {
  const first = Math.floor(seconds / large);
  const second = Math.floor((seconds % large) / small);
  return second > 0 ? `${first}${largeName} ${second}${smallName}` : `${first}${largeName}`;
}
