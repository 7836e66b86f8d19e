/**
 * The lines of a curve view: their colours, which are drawn, and their figures in short.
 *
 * @import { Curve, Line } from "../types.js"
 *
 * @typedef {Object} DrawnLine
 * @property {string} key
 * @property {string} title
 * @property {Line["overlay"]} overlay
 * @property {string} colour  a custom property's name
 * @property {boolean} dashed
 * @property {boolean} shown
 * @property {(number | null)[]} v
 *
 * @typedef {{ last: number | null, min: number | null, avg: number | null, max: number | null }} Summary
 */

import { NONE, isFigure } from "../number.js";
import { named } from "../words/index.js";

const COLOURS = 10;
/** More lines than this are a tangle; the rest are drawn when asked for. */
const SHOWN_MOST = 12;

/**
 * Largest first, so that the colours and the lines drawn at first are those of the ones that matter. A line and what it is compared
 * with have one colour; a line that is alone has its past beside it in calmer ones.
 *
 * @param {Curve} curve
 * @param {string} by
 * @param {string} name
 * @param {Map<string, boolean>} chosen  what the user drew or hid, by key
 * @returns {DrawnLine[]}
 */
export function drawnLines(curve, by, name, chosen) {
  const sizes = new Map();
  for (const { title, overlay, v } of curve.lines) {
    if (overlay === null || !sizes.has(title)) sizes.set(title, summary(v).max ?? -Infinity);
  }
  const alone = sizes.size === 1;
  const ranked = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a) || a.localeCompare(b));
  const rank = new Map(ranked.map((title, i) => [title, i]));
  return curve.lines
    .map(({ title, overlay, v }) => {
      const place = rank.get(title) ?? 0;
      const key = JSON.stringify([title, overlay]);
      return {
        key,
        title: lineTitle(by === "all" ? name : title || NONE, overlay),
        overlay,
        colour: alone && overlay !== null ? `--${overlay}` : `--series-${(place % COLOURS) + 1}`,
        dashed: !alone && overlay !== null,
        shown: chosen.get(key) ?? place < SHOWN_MOST,
        v,
        place,
      };
    })
    .sort((a, b) => a.place - b.place || overlayRank(a.overlay) - overlayRank(b.overlay));
}

/**
 * @param {(number | null)[]} values
 * @returns {Summary}
 */
export function summary(values) {
  const figures = values.filter(isFigure);
  const last = figures.at(-1);
  if (last === undefined) return { last: null, min: null, avg: null, max: null };
  let [min, max, sum] = [last, last, 0];
  for (const figure of figures) {
    min = Math.min(min, figure);
    max = Math.max(max, figure);
    sum += figure;
  }
  return { last, min, avg: sum / figures.length, max };
}

/**
 * @param {string} title
 * @param {Line["overlay"]} overlay
 */
function lineTitle(title, overlay) {
  return overlay === null ? title : `${title} · ${named("overlay", overlay)}`;
}

/** @param {Line["overlay"]} overlay */
function overlayRank(overlay) {
  return overlay === null ? 0 : overlay === "yesterday" ? 1 : 2;
}
