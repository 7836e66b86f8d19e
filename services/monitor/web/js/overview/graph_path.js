/** The lines of a call graph: out of the caller's side, level through bends, into the callee's side. */

/** @import { Route, Spot } from "./graph_layout.js" */

/**
 * @typedef {Object} Frame
 * @property {(spot: Spot) => number} x  of a spot's middle, pixels
 * @property {(spot: Spot) => number} y
 * @property {number} width  of a node
 * @property {number} height
 */

/** Edges meet a node over this much of its side. */
const PORT_SPREAD = 0.62;

/**
 * @param {Route[]} routes
 * @param {Frame} frame
 * @returns {Map<Route, string>}  path data
 */
export function pathsOf(routes, frame) {
  const starts = ports(routes, frame, (path) => [path[0], path[1]]);
  const ends = ports(routes, frame, (path) => [path.at(-1), path.at(-2)]);
  return new Map(routes.map((route) => [route, pathOf(route, frame, starts.get(route) ?? 0, ends.get(route) ?? 0)]));
}

/**
 * Where at a node's side each of its edges meets it, sorted by where it goes, so that edges of one node do not cross there.
 *
 * @param {Route[]} routes
 * @param {Frame} frame
 * @param {(path: Spot[]) => (Spot | undefined)[]} endOf  the spot at this end, and the one beside it
 * @returns {Map<Route, number>}  pixels from the middle of the side
 */
function ports(routes, { y, height }, endOf) {
  /** @type {Map<Spot, { route: Route, towards: number }[]>} */
  const groups = new Map();
  for (const route of routes) {
    const [here, next] = endOf(route.path);
    if (!here || !next) continue;
    const group = groups.get(here);
    const end = { route, towards: y(next) };
    if (group) group.push(end);
    else groups.set(here, [end]);
  }
  /** @type {Map<Route, number>} */
  const offsets = new Map();
  for (const group of groups.values()) {
    group.sort((a, b) => a.towards - b.towards);
    for (const [i, { route }] of group.entries()) {
      offsets.set(route, ((i + 0.5) / group.length - 0.5) * height * PORT_SPREAD);
    }
  }
  return offsets;
}

/**
 * @param {Route} route
 * @param {Frame} frame
 * @param {number} startPort
 * @param {number} endPort
 */
function pathOf({ path }, { x, y, width }, startPort, endPort) {
  const [first, last] = [path[0], path.at(-1)];
  if (!first || !last) return "";
  const half = (width / 2) * (last.column >= first.column ? 1 : -1);
  /** @type {[number, number][]} */
  const points = [[x(first) + half, y(first) + startPort]];
  for (const bend of path.slice(1, -1)) points.push([x(bend) - half, y(bend)], [x(bend) + half, y(bend)]);
  points.push([x(last) - half, y(last) + endPort]);
  return points.map((point, i) => (i === 0 ? `M${pair(...point)}` : curve(points[i - 1] ?? point, point))).join("");
}

/**
 * @param {[number, number]} from
 * @param {[number, number]} to
 */
function curve(from, to) {
  const middle = (from[0] + to[0]) / 2;
  return `C${pair(middle, from[1])} ${pair(middle, to[1])} ${pair(...to)}`;
}

/**
 * @param {number} x
 * @param {number} y
 */
function pair(x, y) {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
