/** How a chart looks, in uPlot's options: lines, axes, and the range of heights. */

import { colour } from "../theme.js";
import { figureLabels, figureSteps, timeLabels } from "./axes.js";

/** @import { Picture } from "./chart.js" */
/** @import { DrawnLine } from "./line.js" */

const AXIS_WIDTH_PX = 66;
const AXIS_HEIGHT_PX = 44;
const LINE_WIDTH_PX = 1.6;
const PAST_WIDTH_PX = 1.2;
/** Lines out of focus step back to this. */
const PALE = 0.22;
/** Room above the largest figure, as a share. */
const HEADROOM = 0.06;
const DASHES = { yesterday: [5, 4], lastweek: [2, 3] };

/**
 * @param {Picture} first
 * @param {() => Picture} newest  its times move on while the chart stays
 */
export function look(first, newest) {
  const { lines, unit } = first;
  const filled = lines.filter(({ overlay }) => overlay === null).length === 1;
  /** @type {(plot: unknown, splits: number[], axis: number, space: number, step: number) => string[]} */
  const times = (_plot, splits, _axis, _space, step) => timeLabels(splits, step);
  /** @type {(plot: unknown, splits: number[]) => string[]} */
  const figures = (_plot, splits) => figureLabels(splits, unit);
  /** @type {(plot: unknown, min: number | null, max: number | null) => number[]} */
  const heights = (_plot, min, max) => rangeOf(min, max, newest().threshold);
  return {
    padding: [12, 14, 0, 0],
    legend: { show: false },
    focus: { alpha: PALE },
    scales: { x: { time: true, range: () => [newest().from, newest().to] }, y: { range: heights } },
    axes: [
      { ...axisLook(), size: AXIS_HEIGHT_PX, space: 70, values: times },
      { ...axisLook(), size: AXIS_WIDTH_PX, space: 40, incrs: figureSteps(unit), values: figures },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, filled))],
  };
}

/**
 * From nought, so that heights compare; below it where figures are.
 *
 * @param {number | null} min
 * @param {number | null} max
 * @param {number | null} threshold
 */
function rangeOf(min, max, threshold) {
  const low = Math.min(0, min ?? 0, threshold ?? 0);
  const high = Math.max(0, max ?? 0, threshold ?? 0);
  if (high === low) return [0, 1];
  const room = (high - low) * HEADROOM;
  return [low < 0 ? low - room : 0, high > 0 ? high + room : 0];
}

/**
 * @param {DrawnLine} line
 * @param {boolean} filled
 */
function seriesOf({ title, overlay, colour: token, dashed, shown }, filled) {
  const stroke = colour(token);
  return {
    label: title,
    show: shown,
    stroke,
    width: overlay === null ? LINE_WIDTH_PX : PAST_WIDTH_PX,
    dash: dashed && overlay ? DASHES[overlay] : undefined,
    fill: filled && overlay === null ? pale(stroke, 0.12) : undefined,
    points: { show: false, size: 4, fill: stroke, filter: alone },
  };
}

/**
 * Points with a gap on both sides, which a line would not show.
 *
 * @param {any} plot
 * @param {number} series
 * @param {boolean} shown
 * @param {unknown} gaps
 * @returns {number[] | null}
 */
function alone(plot, series, shown, gaps) {
  if (shown || !gaps) return null;
  const values = plot.data[series];
  const points = [...values.keys()].filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null);
  return points.length > 0 ? points : null;
}

function axisLook() {
  const grid = { stroke: colour("--grid"), width: 1 };
  return { stroke: colour("--muted"), font: fontOf(11), grid, ticks: { ...grid, size: 4 } };
}

/** @param {number} px */
export function fontOf(px) {
  return `${px}px ${getComputedStyle(document.body).fontFamily}`;
}

/**
 * @param {string} rgb
 * @param {number} alpha
 */
function pale(rgb, alpha) {
  return `color-mix(in srgb, ${rgb} ${alpha * 100}%, transparent)`;
}
