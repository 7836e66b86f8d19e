/** A module in the picture of the call graph: a box that is a link, with a coloured edge, a name and its figures. */

import { svg } from "../dom.js";
import { shortService } from "./service_name.js";

/** @import { Frame } from "./graph_frame.js" */
/** @typedef {{ group: SVGElement, figures: SVGElement, title: SVGElement, x: number, y: number }} NodePart */

const NAME_LETTERS_MOST = 15;
/** From a box's side to its text. */
const INSET = 10;
/** From the middle down to the line of a text: of a name above figures, of figures below it, of both beside each other. */
const NAME_Y = -3;
const FIGURES_Y = 11;
const FLAT_Y = 4;

/**
 * @param {string} name
 * @param {{ x: number, y: number }} middle
 * @param {Frame} frame
 * @param {(name: string | null) => void} onPoint  somebody points at it, or at nothing any more
 * @returns {NodePart}
 */
export function drawNode(name, { x, y }, { nodeWidth, nodeHeight, flat }, onPoint) {
  const left = -nodeWidth / 2;
  const top = -nodeHeight / 2;
  const service = shortService(name);
  const text = service.length > NAME_LETTERS_MOST ? `${service.slice(0, NAME_LETTERS_MOST - 1)}…` : service;
  const title = svg("title");
  const figures = svg("text", {
    class: "node-figures",
    x: flat ? -left - INSET : left + INSET,
    y: flat ? FLAT_Y : FIGURES_Y,
    "text-anchor": flat ? "end" : null,
  });
  const point = () => onPoint(name);
  const leave = () => onPoint(null);
  const group = svg(
    "a",
    {
      class: "node",
      transform: `translate(${x} ${y})`,
      on: { pointerenter: point, pointerleave: leave, focus: point, blur: leave },
    },
    title,
    svg("rect", { class: "node-box", x: left, y: top, width: nodeWidth, height: nodeHeight, rx: flat ? 4 : 6 }),
    svg("rect", { class: "node-level", x: left, y: top + nodeHeight / 5, width: 3, height: (nodeHeight * 3) / 5, rx: 1.5 }),
    svg("text", { class: "node-name", x: left + INSET, y: flat ? FLAT_Y : NAME_Y }, text),
    figures,
  );
  return { group, figures, title, x, y };
}
