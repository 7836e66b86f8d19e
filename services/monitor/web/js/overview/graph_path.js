/** The lines of a call graph: out of the caller's side, level through bends, into the callee's side. */

/** @import { Frame } from "./graph_frame.js" */
/** @import { Route, Spot } from "./graph_layout.js" */

/** @typedef {[number, number]} Point */
/** @typedef {{ d: string, places: Point[] }} Line  path data, and points on it where a label may stand, the best first */

/** Edges meet a node over this much of its side. */
const PORT_SPREAD = 0.62;
/** Where labels may stand, as shares of a line's length, in the order they are tried. */
const PLACES = [0.5, 0.36, 0.64, 0.24, 0.76, 0.14, 0.86];

/**
 * @param {Route[]} routes
 * @param {Frame} frame
 * @returns {Map<Route, Line>}
 */
export function pathsOf(routes, frame) {
  const starts = ports(routes, frame, (path) => [path[0], path[1]]);
  const ends = ports(routes, frame, (path) => [path.at(-1), path.at(-2)]);
  return new Map(routes.map((route) => [route, lineOf(pointsOf(route, frame, starts.get(route) ?? 0, ends.get(route) ?? 0))]));
}

/**
 * Where at a node's side each of its edges meets it, sorted by where it goes, so that edges of one node do not cross there.
 *
 * @param {Route[]} routes
 * @param {Frame} frame
 * @param {(path: Spot[]) => (Spot | undefined)[]} endOf  the spot at this end, and the one beside it
 * @returns {Map<Route, number>}  pixels from the middle of the side
 */
function ports(routes, { y, nodeHeight }, endOf) {
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
      offsets.set(route, ((i + 0.5) / group.length - 0.5) * nodeHeight * PORT_SPREAD);
    }
  }
  return offsets;
}

/**
 * Where the line is level: at the caller, before and behind each bend, at the callee.
 *
 * @param {Route} route
 * @param {Frame} frame
 * @param {number} startPort
 * @param {number} endPort
 * @returns {Point[]}
 */
function pointsOf({ path }, { x, y, nodeWidth }, startPort, endPort) {
  const [first, last] = [path[0], path.at(-1)];
  if (!first || !last) return [];
  const half = (nodeWidth / 2) * (last.column >= first.column ? 1 : -1);
  /** @type {Point[]} */
  const points = [[x(first) + half, y(first) + startPort]];
  for (const bend of path.slice(1, -1)) points.push([x(bend) - half, y(bend)], [x(bend) + half, y(bend)]);
  points.push([x(last) - half, y(last) + endPort]);
  return points;
}

/**
 * @param {Point[]} points
 * @returns {Line}
 */
function lineOf(points) {
  const pieces = points.slice(1).map((to, i) => ({ from: points[i] ?? to, to }));
  const d = pieces.map(({ from, to }, i) => (i === 0 ? `M${pair(...from)}` : "") + curve(from, to)).join("");
  return { d, places: PLACES.map((share) => pointAt(pieces, share)) };
}

/**
 * By formula and not by asking the browser, which would lay out the whole page to answer.
 *
 * @param {{ from: Point, to: Point }[]} pieces
 * @param {number} share  of the length, taking each piece for straight
 * @returns {Point}
 */
function pointAt(pieces, share) {
  const lengths = pieces.map(({ from, to }) => Math.hypot(to[0] - from[0], to[1] - from[1]));
  let rest = share * lengths.reduce((a, b) => a + b, 0);
  for (const [i, { from, to }] of pieces.entries()) {
    const length = lengths[i] ?? 0;
    if (rest <= length || i === pieces.length - 1) return bezier(from, to, length > 0 ? rest / length : 0);
    rest -= length;
  }
  return [0, 0];
}

/**
 * The point at `t` of the curve that `curve` draws.
 *
 * @param {Point} from
 * @param {Point} to
 * @param {number} t  0 to 1
 * @returns {Point}
 */
function bezier(from, to, t) {
  const middle = (from[0] + to[0]) / 2;
  const [a, b, c, d] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
  return [a * from[0] + (b + c) * middle + d * to[0], (a + b) * from[1] + (c + d) * to[1]];
}

/**
 * @param {Point} from
 * @param {Point} to
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
