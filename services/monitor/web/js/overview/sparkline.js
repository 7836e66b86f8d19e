/** A curve without axes, as wide as its place: the shape of the range, the newest point, and a dashed line where yesterday was. */

import { svg } from "../dom.js";
import { isFigure } from "../number.js";

const WIDTH = 120;
const HEIGHT = 32;
const MARGIN = 3;
/** A curve that moves less than this share of its size is drawn as the calm it is, not stretched to a mountain. */
const SWING_LEAST = 0.1;

/** @typedef {(number | null)[]} Points */

/**
 * @returns {{ element: SVGSVGElement, update: (points: Points, yesterday: number | null) => void }}
 */
export function sparkline() {
  const area = svg("path", { class: "spark-area" });
  const before = svg("path", { class: "spark-before" });
  const line = svg("path", { class: "spark-line" });
  const newest = svg("path", { class: "spark-newest" });
  const box = { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  return {
    element: svg("svg", box, area, before, line, newest),
    update(points, yesterday) {
      const place = placer(points, yesterday);
      const runs = runsOf(points);
      line.setAttribute("d", runs.map((run) => `M${run.map(([i, v]) => `${place.x(i)} ${place.y(v)}`).join("L")}`).join(""));
      area.setAttribute("d", runs.map((run) => areaOf(run, place)).join(""));
      before.setAttribute("d", isFigure(yesterday) ? `M0 ${place.y(yesterday)}H${WIDTH}` : "");
      const last = runs.at(-1)?.at(-1);
      // A line of no length with a round end is a dot that keeps its shape when the picture is stretched.
      newest.setAttribute("d", last ? `M${place.x(last[0])} ${place.y(last[1])}h0` : "");
    },
  };
}

/** @typedef {{ x: (i: number) => string, y: (value: number) => string }} Place */

/**
 * @param {Points} points
 * @param {number | null} yesterday
 * @returns {Place}
 */
function placer(points, yesterday) {
  const figures = points.filter(isFigure);
  if (isFigure(yesterday)) figures.push(yesterday);
  let low = Math.min(...figures);
  let high = Math.max(...figures);
  const least = Math.max(Math.abs(high), Math.abs(low)) * SWING_LEAST || 1;
  if (high - low < least) {
    const middle = (high + low) / 2;
    [low, high] = [middle - least / 2, middle + least / 2];
  }
  const steps = Math.max(1, points.length - 1);
  return {
    x: (i) => (MARGIN + ((WIDTH - 2 * MARGIN) * i) / steps).toFixed(1),
    y: (value) => (HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * (value - low)) / (high - low)).toFixed(1),
  };
}

/**
 * Stretches without a gap.
 *
 * @param {Points} points
 * @returns {[number, number][][]}
 */
function runsOf(points) {
  /** @type {[number, number][][]} */
  const runs = [];
  let open = false;
  for (const [i, value] of points.entries()) {
    if (!isFigure(value)) open = false;
    else if (open) runs.at(-1)?.push([i, value]);
    else {
      runs.push([[i, value]]);
      open = true;
    }
  }
  return runs;
}

/**
 * @param {[number, number][]} run
 * @param {Place} place
 */
function areaOf(run, place) {
  const first = run[0]?.[0] ?? 0;
  const last = run.at(-1)?.[0] ?? 0;
  return `M${place.x(first)} ${HEIGHT}L${run.map(([i, v]) => `${place.x(i)} ${place.y(v)}`).join("L")}L${place.x(last)} ${HEIGHT}Z`;
}
