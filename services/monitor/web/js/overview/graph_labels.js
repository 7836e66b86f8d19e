/** Figures beside the lines of the call graph, where there is room: troubled calls first, then the busiest; none over another. */

import { setText, svg } from "../dom.js";
import { graphLevel, worseEdge } from "../health.js";
import { duration, number } from "../number.js";

/** @import { GraphEdge } from "../types.js" */
/** @import { Point } from "./graph_path.js" */
/** @typedef {{ edge: GraphEdge, places: Point[] }} LabelledEdge */
/** @typedef {{ x: number, y: number, width: number, height: number }} Box  around its middle */

/** Calls that are fewer than this share of the busiest are told by pointing at them. */
const SHARE_LEAST = 0.01;
const LETTER_WIDTH = 5.6;
const HEIGHT = 13;
const PADDING = 2;

/**
 * @param {SVGGElement} parent
 * @param {LabelledEdge[]} edges
 * @param {Box[]} taken  by nodes
 */
export function placeLabels(parent, edges, taken) {
  const boxes = taken.slice();
  /** @type {Map<string, SVGElement>} */
  const before = new Map(
    [...parent.children].map((child) => [child.getAttribute("data-key") ?? "", /** @type {SVGElement} */ (child)]),
  );
  const most = Math.max(0, ...edges.map(({ edge }) => edge.qps));
  for (const { edge, places } of edges.toSorted((a, b) => worseEdge(a.edge, b.edge))) {
    const quiet = edge.qps < most * SHARE_LEAST && graphLevel(edge) === "ok";
    if (edge.qps === 0 || quiet) continue;
    const label = fitting(edge, places, boxes);
    if (!label) continue;
    boxes.push(label.box);
    const key = JSON.stringify([edge.from, edge.to]);
    const element = before.get(key) ?? drawLabel(key);
    before.delete(key);
    show(element, label);
    element.setAttribute("data-level", graphLevel(edge));
    if (!element.parentNode) parent.append(element);
  }
  for (const element of before.values()) element.remove();
}

/** @param {string} key */
function drawLabel(key) {
  return svg("g", { "data-key": key }, svg("rect", { height: HEIGHT, y: -HEIGHT / 2, rx: 3 }), svg("text", { y: 3.5 }));
}

/**
 * @param {SVGElement} element
 * @param {{ text: string, box: Box }} label
 */
function show(element, { text, box }) {
  element.setAttribute("transform", `translate(${box.x.toFixed(1)} ${box.y.toFixed(1)})`);
  const [ground, words] = element.children;
  ground?.setAttribute("width", box.width.toFixed(1));
  ground?.setAttribute("x", (-box.width / 2).toFixed(1));
  if (words) setText(words, text);
}

/**
 * @param {GraphEdge} edge
 * @param {Point[]} places
 * @param {Box[]} boxes
 * @returns {{ text: string, box: Box } | null}
 */
function fitting({ qps, p99_us }, places, boxes) {
  for (const text of [`${number(qps)}/s · ${duration(p99_us)}`, number(qps)]) {
    for (const [x, y] of places) {
      const box = { x, y, width: text.length * LETTER_WIDTH + 2 * PADDING, height: HEIGHT };
      if (!boxes.some((other) => overlap(box, other))) return { text, box };
    }
  }
  return null;
}

/**
 * @param {Box} a
 * @param {Box} b
 */
function overlap(a, b) {
  return Math.abs(a.x - b.x) * 2 < a.width + b.width && Math.abs(a.y - b.y) * 2 < a.height + b.height;
}
