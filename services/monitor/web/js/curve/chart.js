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
import { fontOf, look } from "./look.js";
import { tooltip } from "./tooltip.js";
import { uPlot } from "./uplot.js";

/** A drag shorter than this is a press. */
const DRAG_LEAST_PX = 6;

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
  /** Figures that come while somebody drags wait, for they would take the selection away. */
  let dragging = false;
  let came = false;
  element.addEventListener("pointerdown", () => (dragging = true));
  addEventListener("pointerup", release);
  addEventListener("pointercancel", release);

  function release() {
    dragging = false;
    // The chart takes the selection when the mouse's event comes, which is after the pointer's.
    if (came) setTimeout(() => picture && show(picture));
    came = false;
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
    came = dragging;
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
    const options = {
      ...size(),
      ...look(now, () => picture ?? now),
      cursor: {
        drag: { x: true, y: false, setScale: false, dist: DRAG_LEAST_PX },
        points: { size: 7, width: 2 },
        bind: { dblclick: () => events.zoomOut },
      },
      hooks: { setCursor: [follow], setSelect: [select], draw: [drawThreshold] },
    };
    plot = new uPlot(options, [now.t, ...now.lines.map(({ v }) => v)], element);
    plot.over.append(hint.element);
  }

  function follow() {
    const { left, idx } = plot.cursor;
    const index = typeof idx === "number" && left >= 0 ? idx : null;
    const at = index === null ? undefined : picture?.t[index];
    if (index === null || at === undefined || !picture) hint.hide();
    else hint.show(picture, index, plot.valToPos(at, "x"), plot.over.clientWidth);
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
      removeEventListener("pointercancel", release);
      observer.disconnect();
      stopTheme();
      plot?.destroy();
    },
  };
}
