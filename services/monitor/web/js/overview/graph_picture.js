/**
 * The call graph as SVG. Drawn anew only when its shape or its room changes; figures are patched. Pointing at a module, or
 * reaching it by Tab, shows its calls alone: the modules at their other ends then show the figures of the call between.
 */

import { edgeCurve, nodeCurve } from "../curves.js";
import { h, setAttribute, setText, svg } from "../dom.js";
import { graphLevel } from "../health.js";
import { duration, number, percent } from "../number.js";
import { t } from "../words/index.js";
import { placeLabels } from "./graph_labels.js";
import { layout } from "./graph_layout.js";
import { pathsOf } from "./graph_path.js";

/** @import { GraphEdge, GraphNode } from "../types.js" */
/** @import { Edge, Spot } from "./graph_layout.js" */

const NODE_HEIGHT = 34;
const NODE_WIDTH_MOST = 126;
const NODE_WIDTH_LEAST = 104;
const COLUMN_GAP_LEAST = 34;
const ROW_HEIGHT_LEAST = 38;
const ROW_HEIGHT_MOST = 74;
const MARGIN = 8;
const NAME_LETTERS_MOST = 15;
const STROKE_LEAST = 1;
const STROKE_MOST = 5;

/** @typedef {{ group: SVGElement, name: string, figures: SVGElement, title: SVGElement, x: number, y: number }} NodePart */
/** @typedef {{ group: SVGElement, key: string, edge: GraphEdge, line: SVGPathElement, hit: SVGElement, title: SVGElement }} EdgePart */

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
  let width = 0;
  let nodeWidth = NODE_WIDTH_LEAST;
  let drawn = "";
  /** @type {string | null} */
  let pointed = null;

  const observer = new ResizeObserver(() => draw());
  observer.observe(element);

  function draw() {
    if (nodes.length === 0 || element.clientWidth === 0) return;
    const shape = JSON.stringify([
      element.clientWidth,
      element.clientHeight,
      nodes.map(({ name }) => name),
      edges.map(({ from, to }) => [from, to]),
    ]);
    if (shape !== drawn) build();
    drawn = shape;
    patch();
  }

  function build() {
    const plan = layout(
      nodes.map(({ name }) => name),
      edges,
    );
    const gaps = Math.max(1, plan.columns - 1);
    const share = (element.clientWidth - 2 * MARGIN) / (plan.columns + gaps * 0.42);
    nodeWidth = Math.min(NODE_WIDTH_MOST, Math.max(NODE_WIDTH_LEAST, share));
    width = Math.max(element.clientWidth, 2 * MARGIN + plan.columns * nodeWidth + gaps * COLUMN_GAP_LEAST);
    const pitch = (width - 2 * MARGIN - nodeWidth) / gaps;
    const spare = (element.clientHeight - 2 * MARGIN) / plan.rows;
    const rowHeight = Math.min(ROW_HEIGHT_MOST, Math.max(ROW_HEIGHT_LEAST, spare));
    const used = plan.rows * rowHeight + 2 * MARGIN;
    const height = Math.max(used, element.clientHeight);
    const top = MARGIN + (height - used) / 2;
    const x = (/** @type {Spot} */ spot) => (plan.columns === 1 ? width / 2 : MARGIN + nodeWidth / 2 + spot.column * pitch);
    const y = (/** @type {Spot} */ spot) => top + (spot.row + 0.5) * rowHeight;

    const lines = svg("g", { class: "edges" });
    const boxes = svg("g", { class: "nodes" });
    labels = svg("g", { class: "edge-labels", "aria-hidden": "true" });
    nodeParts = new Map();
    edgeParts = new Map();
    for (const spot of plan.spots.values()) {
      if (spot.node === null) continue;
      const part = drawNode(spot.node, x(spot), y(spot));
      nodeParts.set(spot.node, part);
      boxes.append(part.group);
    }
    const paths = pathsOf(plan.routes, { x, y, width: nodeWidth, height: NODE_HEIGHT });
    for (const [route, d] of paths) {
      const part = drawEdge(route.edge, d);
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
   * @param {string} name
   * @param {number} x
   * @param {number} y
   * @returns {NodePart}
   */
  function drawNode(name, x, y) {
    const title = svg("title");
    const figures = svg("text", { class: "node-figures", x: -nodeWidth / 2 + 10, y: 11 });
    const short = name.length > NAME_LETTERS_MOST ? `${name.slice(0, NAME_LETTERS_MOST - 1)}…` : name;
    const point = (/** @type {string | null} */ at) => () => {
      pointed = at;
      patch();
    };
    const group = svg(
      "a",
      {
        class: "node",
        transform: `translate(${x} ${y})`,
        on: { pointerenter: point(name), pointerleave: point(null), focus: point(name), blur: point(null) },
      },
      title,
      svg("rect", { class: "node-box", x: -nodeWidth / 2, y: -NODE_HEIGHT / 2, width: nodeWidth, height: NODE_HEIGHT, rx: 6 }),
      svg("rect", { class: "node-level", x: -nodeWidth / 2, y: -NODE_HEIGHT / 2 + 7, width: 3, height: NODE_HEIGHT - 14, rx: 1.5 }),
      svg("text", { class: "node-name", x: -nodeWidth / 2 + 10, y: -3 }, short),
      figures,
    );
    return { group, name, figures, title, x, y };
  }

  /**
   * @param {Edge} edge
   * @param {string} d
   * @returns {EdgePart}
   */
  function drawEdge(edge, d) {
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
    return { group, key: keyOf(edge), edge: whole, line, hit, title };
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
      setText(part.figures, edge ? edgeShort(edge) : `${number(node.qps)}/s · ${duration(node.p99_us)}`);
      setText(part.title, nodeText(node));
      setAttribute(part.group, "href", nodeCurve(node));
      setAttribute(part.group, "aria-label", nodeText(node));
      setAttribute(part.group, "data-level", node.qps > 0 ? graphLevel(node) : "idle");
      setAttribute(part.group, "data-edge", edge ? "" : null);
      setAttribute(part.group, "data-faded", pointed === null || node.name === pointed || edge ? null : "");
    }
    if (labels) {
      const boxes = [...nodeParts.values()].map(({ x, y }) => ({ x, y, width: nodeWidth, height: NODE_HEIGHT }));
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

/** @param {GraphEdge} edge */
function edgeShort({ qps, p99_us }) {
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
