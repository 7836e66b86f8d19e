/** Who calls whom: a picture, and the same as a list for whoever reads better so. */

import { choice } from "../choice.js";
import { h } from "../dom.js";
import { panel } from "../panel.js";
import { t } from "../words/index.js";
import { graphList } from "./graph_list.js";
import { graphPicture } from "./graph_picture.js";

/** @import { GraphEdge, GraphNode, Overview } from "../types.js" */

const SHAPES = /** @type {const} */ (["picture", "list"]);
/** More would be a wall; the quiet ones are left out. */
const NODES_MOST = 60;
const EDGES_MOST = 240;

/** @returns {{ element: HTMLElement, update: (graph: Overview["graph"]) => void, destroy: () => void }} */
export function graph() {
  const known = new Known();
  const picture = graphPicture();
  const list = graphList();
  const nothing = h("p", { class: "nothing" }, t("graph_none"));
  const shapes = choice(
    t("graph"),
    SHAPES.map((value) => ({ value, text: t(`graph_as_${value}`) })),
    show,
  );

  /** @param {"picture" | "list"} shape */
  function show(shape) {
    shapes.choose(shape);
    picture.element.hidden = shape !== "picture";
    list.element.hidden = shape !== "list";
  }

  show("picture");
  return {
    element: panel(t("graph"), "graph", [shapes.element], picture.element, list.element, nothing),
    update(graph) {
      const { nodes, edges } = known.with(graph);
      nothing.hidden = nodes.length > 0;
      picture.update(nodes, edges);
      list.update(edges);
    },
    destroy: picture.destroy,
  };
}

/** What was seen once keeps its place with nought calls, so that the picture does not jump when a service rests. */
class Known {
  /** @type {Map<string, GraphNode>} */
  #nodes = new Map();
  /** @type {Map<string, GraphEdge>} */
  #edges = new Map();

  /** @param {Overview["graph"]} graph */
  with({ nodes, edges }) {
    const bySize = (/** @type {{ qps: number }} */ a, /** @type {{ qps: number }} */ b) => b.qps - a.qps;
    const rest = { qps: 0, errors: 0, p99_us: null };
    for (const [name, node] of this.#nodes) this.#nodes.set(name, { ...node, ...rest });
    for (const [key, edge] of this.#edges) this.#edges.set(key, { ...edge, ...rest });
    for (const node of nodes.toSorted(bySize)) {
      if (this.#nodes.has(node.name) || this.#nodes.size < NODES_MOST) this.#nodes.set(node.name, node);
    }
    for (const edge of edges.toSorted(bySize)) {
      const key = JSON.stringify([edge.from, edge.to]);
      const drawn = this.#nodes.has(edge.from) && this.#nodes.has(edge.to);
      if (drawn && (this.#edges.has(key) || this.#edges.size < EDGES_MOST)) this.#edges.set(key, edge);
    }
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()] };
  }
}
