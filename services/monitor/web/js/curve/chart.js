/**
 * The chart of a curve view: uPlot with our colours, axes, zoom and threshold. A new set of lines builds it anew; new figures of the
 * same lines are only put in.
 *
 * @import { DrawnLine } from "./line.js"
 *
 * @typedef {Object} Picture
 * @property {number[]} t
 * @property {DrawnLine[]} lines
 * @property {string} unit
 * @property {number} dropped  lines that the centre did not send
 * @property {number} from
 * @property {number} to
 * @property {number | null} threshold
 * @property {string} label  for screen readers
 *
 * @typedef {Object} ChartEvents
 * @property {(from: number, to: number) => void} zoom
 * @property {() => void} zoomOut
 * @property {(index: number | null) => void} cursor  the point under the cursor
 */

import { h, setAttribute } from "../dom.js";
import { join, quantity } from "../number.js";
import { colour, onTheme } from "../theme.js";
import { t } from "../words/index.js";
import { figureLabels, figureSteps, timeLabels } from "./axes.js";
import { tooltip } from "./tooltip.js";
import { uPlot } from "./uplot.js";

/** A drag shorter than this is a press. */
const DRAG_LEAST_PX = 6;
const AXIS_WIDTH_PX = 66;
const LINE_WIDTH_PX = 1.6;
const PAST_WIDTH_PX = 1.2;
/** Lines out of focus step back to this. */
const PALE = 0.22;
/** Room above the largest figure, as a share. */
const HEADROOM = 0.06;
const DASHES = { yesterday: [5, 4], lastweek: [2, 3] };

/** @param {ChartEvents} events */
export function chart(events) {
  const hint = tooltip();
  const element = h("div", {
    class: "chart",
    role: "img",
    tabindex: 0,
    "aria-label": t("curve"),
    on: { keydown: moveByKey, blur: leave },
  });
  /** @type {Picture | null} */
  let picture = null;
  /** @type {any} */
  let plot = null;
  let shape = "";
  /** Figures that came while somebody drags wait, for they would take the selection away. */
  let dragging = false;
  element.addEventListener("pointerdown", () => (dragging = true));
  addEventListener("pointerup", release);

  function release() {
    if (!dragging) return;
    dragging = false;
    if (picture) show(picture);
  }

  const observer = new ResizeObserver(() => {
    if (plot) plot.setSize(size());
    else if (picture) show(picture);
  });
  observer.observe(element);
  const stopTheme = onTheme(() => {
    if (picture) build(picture);
  });

  function size() {
    return { width: element.clientWidth, height: element.clientHeight };
  }

  /** @param {Picture} next */
  function show(next) {
    picture = next;
    setAttribute(element, "aria-label", next.label);
    if (element.clientWidth === 0 || dragging) return;
    const nextShape = JSON.stringify([next.unit, next.lines.map(({ key, colour }) => [key, colour])]);
    if (plot && nextShape === shape) {
      plot.batch(() => {
        for (const [i, { shown }] of next.lines.entries()) {
          if (plot.series[i + 1].show !== shown) plot.setSeries(i + 1, { show: shown });
        }
        plot.setData([next.t, ...next.lines.map(({ v }) => v)]);
      });
      if (plot.cursor.left >= 0) follow();
    } else {
      build(next);
    }
    shape = nextShape;
  }

  /** @param {Picture} now */
  function build(now) {
    plot?.destroy();
    const filled = now.lines.filter(({ overlay }) => overlay === null).length === 1;
    const options = {
      ...size(),
      padding: [12, 14, 0, 0],
      legend: { show: false },
      focus: { alpha: PALE },
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: DRAG_LEAST_PX },
        points: { size: 7, width: 2 },
        bind: { dblclick: () => events.zoomOut },
      },
      scales: {
        x: { time: true, range: () => (picture ? [picture.from, picture.to] : [0, 1]) },
        y: {
          range: (/** @type {any} */ _, /** @type {number} */ min, /** @type {number} */ max) =>
            rangeOf(min, max, picture?.threshold ?? null),
        },
      },
      axes: [
        {
          ...axisLook(),
          size: 44,
          space: 70,
          values: (
            /** @type {any} */ _,
            /** @type {number[]} */ splits,
            /** @type {number} */ __,
            /** @type {number} */ ___,
            /** @type {number} */ step,
          ) => timeLabels(splits, step),
        },
        {
          ...axisLook(),
          size: AXIS_WIDTH_PX,
          space: 40,
          incrs: figureSteps(now.unit),
          values: (/** @type {any} */ _, /** @type {number[]} */ splits) => figureLabels(splits, now.unit),
        },
      ],
      series: [{}, ...now.lines.map((line) => seriesOf(line, filled))],
      hooks: { setCursor: [follow], setSelect: [select], draw: [drawThreshold] },
    };
    plot = new uPlot(options, [now.t, ...now.lines.map(({ v }) => v)], element);
    plot.over.append(hint.element);
  }

  function follow() {
    const { left, idx } = plot.cursor;
    const index = typeof idx === "number" && left >= 0 ? idx : null;
    if (index === null || !picture) hint.hide();
    else hint.show(picture, index, plot.valToPos(picture.t[index], "x"), plot.over.clientWidth);
    events.cursor(index);
  }

  function select() {
    const { left, width } = plot.select;
    if (width < DRAG_LEAST_PX) return;
    const [from, to] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    events.zoom(Math.floor(from), Math.ceil(to));
  }

  function drawThreshold() {
    const threshold = picture?.threshold ?? null;
    if (threshold === null || !picture) return;
    const { ctx, bbox } = plot;
    const y = Math.round(plot.valToPos(threshold, "y", true));
    const scale = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("--bad");
    ctx.lineWidth = scale;
    ctx.setLineDash([6 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = fontOf(11 * scale);
    ctx.textAlign = "right";
    ctx.fillText(`${t("threshold")} ${join(quantity(threshold, picture.unit))}`, bbox.left + bbox.width - 4 * scale, y - 5 * scale);
    ctx.restore();
  }

  /** @param {KeyboardEvent} event */
  function moveByKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !plot || !picture || picture.t.length === 0) return;
    event.preventDefault();
    const last = picture.t.length - 1;
    const { idx, left } = plot.cursor;
    const here = typeof idx === "number" && left >= 0 ? idx : step < 0 ? last + 1 : -1;
    const index = Math.min(last, Math.max(0, here + step * (event.shiftKey ? 10 : 1)));
    plot.setCursor({ left: plot.valToPos(picture.t[index], "x"), top: plot.over.clientHeight / 3 });
  }

  function leave() {
    plot?.setCursor({ left: -10, top: -10 });
  }

  return {
    element,
    show,
    /** @param {number | null} line  the one to stand out */
    focus(line) {
      plot?.setSeries(line === null ? null : line + 1, { focus: line !== null });
    },
    destroy() {
      removeEventListener("pointerup", release);
      observer.disconnect();
      stopTheme();
      plot?.destroy();
    },
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
function fontOf(px) {
  return `${px}px ${getComputedStyle(document.body).fontFamily}`;
}

/**
 * @param {string} rgb
 * @param {number} alpha
 */
function pale(rgb, alpha) {
  return `color-mix(in srgb, ${rgb} ${alpha * 100}%, transparent)`;
}
