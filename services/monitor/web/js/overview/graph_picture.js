/**
 * The call graph as SVG. Drawn anew only when its shape or its room changes; figures are patched. Pointing at a module, or
 * reaching it by Tab, shows its calls alone: the modules at their other ends then show the figures of the call between.
 */

import { edgeCurve, nodeCurve } from "../curves.js";
import { h, setAttribute, setText, svg } from "../dom.js";
import { graphLevel } from "../health.js";
import { duration, number, percent } from "../number.js";
import { t } from "../words/index.js";
import { frameOf } from "./graph_frame.js";
import { placeLabels } from "./graph_labels.js";
import { layout } from "./graph_layout.js";
import { drawNode } from "./graph_node.js";
import { pathsOf } from "./graph_path.js";

/** @import { GraphEdge, GraphNode } from "../types.js" */
/** @import { Frame } from "./graph_frame.js" */
/** @import { Edge } from "./graph_layout.js" */
/** @import { NodePart } from "./graph_node.js" */
/** @import { Line, Point } from "./graph_path.js" */

const STROKE_LEAST = 1;
const STROKE_MOST = 5;

/** @typedef {{ group: SVGElement, key: string, edge: GraphEdge, places: Point[], line: SVGElement, title: SVGElement }} EdgePart */

export function graphPicture() {
  const element = h("div", { class: "graph-picture" });
  /** @type {GraphNode[]} */
  let nodes = [];
  /** @type {GraphEdge[]} */
  let edges = [];
  /** @type {Map<string, NodePart>} */
  let nodeParts = new Map();
  /** @type {Map<string, EdgePart>} */
  let edgeParts = new Map();
  /** @type {SVGGElement | null} */
  let labels = null;
  /** @type {Frame | null} */
  let frame = null;
  let room = { width: 0, height: 0 };
  let drawn = "";
  /** @type {string | null} */
  let pointed = null;

  // Asked for only here, where the browser has just laid out: asking while figures are put in would make it do so again.
  // Cut to whole pixels, so that the picture is never larger than its room and brings no scrollbar.
  const observer = new ResizeObserver(([entry]) => {
    const { width = 0, height = 0 } = entry?.contentRect ?? {};
    room = { width: Math.floor(width), height: Math.floor(height) };
    draw();
  });
  observer.observe(element);

  function draw() {
    if (nodes.length === 0 || room.width === 0) return;
    const shape = JSON.stringify([room, nodes.map(({ name }) => name), edges.map(({ from, to }) => [from, to])]);
    if (shape !== drawn) build();
    drawn = shape;
    patch();
  }

  /** @param {string | null} name */
  function point(name) {
    pointed = name;
    patch();
  }

  function build() {
    const names = nodes.map(({ name }) => name);
    const plan = layout(names, edges);
    const now = frameOf(plan, room);
    const { x, y, width, height } = now;
    frame = now;
    const lines = svg("g", { class: "edges" });
    const boxes = svg("g", { class: "nodes" });
    labels = svg("g", { class: "edge-labels", "aria-hidden": "true" });
    nodeParts = new Map();
    edgeParts = new Map();
    for (const spot of plan.spots.values()) {
      if (spot.node === null) continue;
      const part = drawNode(spot.node, { x: x(spot), y: y(spot) }, now, point);
      nodeParts.set(spot.node, part);
      boxes.append(part.group);
    }
    for (const [route, line] of pathsOf(plan.routes, now)) {
      const part = drawEdge(route.edge, line);
      edgeParts.set(part.key, part);
      lines.append(part.group);
    }
    const picture = {
      class: "graph-svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": t("graph"),
    };
    element.replaceChildren(svg("svg", picture, arrowHead(), lines, labels, boxes));
  }

  /**
   * @param {Edge} edge
   * @param {Line} line
   * @returns {EdgePart}
   */
  function drawEdge(edge, { d, places }) {
    const title = svg("title");
    const line = svg("path", { class: "edge-line", d, "marker-end": "url(#arrow)" });
    const hit = svg("path", { class: "edge-hit", d });
    const whole = /** @type {GraphEdge} */ (edge);
    // Out of the Tab order: forty stops in a picture help nobody, and the list has them all.
    const group = svg(
      "a",
      { class: "edge", tabindex: -1, href: edgeCurve(whole, "calls"), "aria-hidden": "true" },
      title,
      line,
      hit,
    );
    return { group, key: keyOf(edge), edge: whole, places, line, title };
  }

  function patch() {
    const most = Math.max(1, ...edges.map(({ qps }) => qps));
    /** @type {Map<string, GraphEdge>} */
    const shown = new Map();
    for (const edge of edges) {
      const part = edgeParts.get(keyOf(edge));
      if (!part) continue;
      part.edge = edge;
      const mine = pointed === null || edge.from === pointed || edge.to === pointed;
      if (pointed !== null && mine) shown.set(edge.from === pointed ? edge.to : edge.from, edge);
      setAttribute(part.group, "data-level", edge.qps > 0 ? graphLevel(edge) : "idle");
      setAttribute(part.group, "data-faded", mine ? null : "");
      setAttribute(part.line, "stroke-width", strokeOf(edge.qps, most));
      setText(part.title, edgeText(edge));
    }
    for (const node of nodes) {
      const part = nodeParts.get(node.name);
      if (!part) continue;
      const edge = shown.get(node.name);
      const calls = edges.reduce((sum, { from, qps }) => sum + (from === node.name ? qps : 0), 0);
      // Who serves nobody is told by what he calls.
      const figures = node.qps === 0 && calls > 0 ? `→ ${number(calls)}/s` : short(node);
      setText(part.figures, edge ? short(edge) : figures);
      setText(part.title, nodeText(node));
      setAttribute(part.group, "href", nodeCurve(node));
      setAttribute(part.group, "aria-label", nodeText(node));
      setAttribute(part.group, "data-level", node.qps + calls > 0 ? graphLevel(node) : "idle");
      setAttribute(part.group, "data-edge", edge ? "" : null);
      setAttribute(part.group, "data-faded", pointed === null || node.name === pointed || edge ? null : "");
    }
    if (labels && frame) {
      const { nodeWidth: width, nodeHeight: height } = frame;
      const boxes = [...nodeParts.values()].map(({ x, y }) => ({ x, y, width, height }));
      placeLabels(labels, pointed === null ? [...edgeParts.values()] : [], boxes);
    }
  }

  return {
    element,
    /**
     * @param {GraphNode[]} nextNodes
     * @param {GraphEdge[]} nextEdges
     */
    update(nextNodes, nextEdges) {
      nodes = nextNodes.toSorted((a, b) => a.name.localeCompare(b.name));
      edges = nextEdges.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
      draw();
    },
    destroy() {
      observer.disconnect();
    },
  };
}

/** @param {GraphNode} node */
function nodeText(node) {
  return t("node_title", {
    name: node.name,
    calls: `${number(node.qps)}/s`,
    errors: percent(node.errors),
    p99: duration(node.p99_us),
  });
}

/** @param {GraphEdge} edge */
function edgeText({ from, to, qps, errors, p99_us }) {
  return t("edge_title", { from, to, calls: `${number(qps)}/s`, errors: percent(errors), p99: duration(p99_us) });
}

/** @param {GraphNode | GraphEdge} part */
function short({ qps, p99_us }) {
  return `${number(qps)}/s · ${duration(p99_us)}`;
}

/** @param {{ from: string, to: string }} edge */
function keyOf({ from, to }) {
  return JSON.stringify([from, to]);
}

/**
 * @param {number} qps
 * @param {number} most
 */
function strokeOf(qps, most) {
  const share = Math.log1p(qps) / Math.log1p(most);
  return (STROKE_LEAST + (STROKE_MOST - STROKE_LEAST) * share ** 2).toFixed(2);
}

function arrowHead() {
  const box = {
    id: "arrow",
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 7,
    markerHeight: 7,
    orient: "auto",
    markerUnits: "userSpaceOnUse",
  };
  return svg("defs", {}, svg("marker", box, svg("path", { class: "arrow", d: "M0 0 8 4 0 8Z" })));
}
