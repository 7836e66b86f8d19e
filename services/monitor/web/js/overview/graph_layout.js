/**
 * Places a call graph in columns, callers left of callees: the usual way for layered drawings (Sugiyama, Tagawa, Toda 1981).
 *
 * 1. Edges that close a circle are turned for the layout. 2. Each node's column is one right of its rightmost caller. 3. Edges that
 * pass a column get a bend there. 4. Columns are ordered by the mean place of neighbours, keeping the order with fewest crossings.
 * 5. Heights follow neighbours as far as others leave room.
 *
 * Pure and without randomness: the same graph looks the same everywhere. Heights are in rows; whoever draws makes them pixels.
 *
 * @typedef {{ from: string, to: string }} Edge
 *
 * @typedef {Object} Spot
 * @property {string} id  a node's name, or of a bend something that no node is called
 * @property {string | null} node
 * @property {number} column
 * @property {number} row  of its middle; the topmost is 0
 *
 * @typedef {{ edge: Edge, path: Spot[] }} Route  from caller to callee, bends between them
 * @typedef {{ spots: Map<string, Spot>, routes: Route[], columns: number, rows: number }} Layout
 */

const SWEEPS = 24;
/** A bend needs less room than a node. */
const BEND_ROOM = 0.32;
const NODE_ROOM = 1;

/**
 * @param {string[]} names
 * @param {Edge[]} edges  between names; others, and loops, are left out
 * @returns {Layout}
 */
export function layout(names, edges) {
  const known = new Set(names);
  const drawn = edges.filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const forward = withoutCircles(names, drawn);
  const columnOf = columns(names, forward);

  /** @type {Map<string, Spot>} */
  const spots = new Map();
  for (const name of names) spots.set(name, { id: name, node: name, column: columnOf.get(name) ?? 0, row: 0 });
  const paths = forward.map((edge, i) => pathOf(edge, i, spots));

  const links = new Links(paths);
  const count = 1 + Math.max(0, ...columnOf.values());
  /** @type {Spot[][]} */
  const layers = Array.from({ length: count }, () => []);
  for (const spot of spots.values()) layers[spot.column]?.push(spot);
  const ordered = orderLayers(layers, links);
  const rows = settle(ordered, links);

  const routes = drawn.map((edge, i) => {
    const path = paths[i] ?? [];
    return { edge, path: path[0]?.id === edge.from ? path : path.toReversed() };
  });
  return { spots, routes, columns: count, rows };
}

/** Who is beside whom, one column left or right. */
class Links {
  /** @type {Map<Spot, Spot[]>} */
  #left = new Map();
  /** @type {Map<Spot, Spot[]>} */
  #right = new Map();

  /** @param {Spot[][]} paths */
  constructor(paths) {
    for (const path of paths) {
      for (const [i, spot] of path.entries()) {
        const next = path[i + 1];
        if (!next) continue;
        push(this.#right, spot, next);
        push(this.#left, next, spot);
      }
    }
  }

  /** @param {Spot} spot */
  left(spot) {
    return this.#left.get(spot) ?? [];
  }

  /** @param {Spot} spot */
  right(spot) {
    return this.#right.get(spot) ?? [];
  }

  /** @param {Spot} spot */
  both(spot) {
    return [...this.left(spot), ...this.right(spot)];
  }
}

/**
 * @param {string[]} names
 * @param {Edge[]} edges
 * @returns {Edge[]}  in the same order, some turned
 */
function withoutCircles(names, edges) {
  const out = grouped(edges, ({ from }) => from);
  /** @type {Map<string, "open" | "done">} */
  const seen = new Map();
  /** @type {Set<Edge>} */
  const turned = new Set();
  const visit = (/** @type {string} */ name) => {
    seen.set(name, "open");
    for (const edge of out.get(name) ?? []) {
      const state = seen.get(edge.to);
      if (state === "open") turned.add(edge);
      else if (!state) visit(edge.to);
    }
    seen.set(name, "done");
  };
  // From those that nobody calls, so that a circle is entered where its callers enter it.
  const called = new Set(edges.map(({ to }) => to));
  const starts = [...names.filter((name) => !called.has(name)), ...names];
  for (const name of starts) if (!seen.has(name)) visit(name);
  return edges.map((edge) => (turned.has(edge) ? { from: edge.to, to: edge.from } : edge));
}

/**
 * @param {string[]} names
 * @param {Edge[]} edges  without circles
 * @returns {Map<string, number>}
 */
function columns(names, edges) {
  const into = grouped(edges, ({ to }) => to);
  const out = grouped(edges, ({ from }) => from);
  /** @type {Map<string, number>} */
  const column = new Map();
  /** @type {(name: string) => number} */
  const place = (name) => {
    const known = column.get(name);
    if (known !== undefined) return known;
    const right = 1 + Math.max(-1, ...(into.get(name) ?? []).map(({ from }) => place(from)));
    column.set(name, right);
    return right;
  };
  names.forEach(place);
  // A node that nobody calls stands beside those it calls, not at the far left.
  for (const name of names) {
    const callees = (out.get(name) ?? []).map(({ to }) => column.get(to) ?? 0);
    if (!into.has(name) && callees.length > 0) column.set(name, Math.min(...callees) - 1);
  }
  return column;
}

/**
 * @param {Edge} edge
 * @param {number} serial
 * @param {Map<string, Spot>} spots  bends are added
 * @returns {Spot[]}
 */
function pathOf({ from, to }, serial, spots) {
  const first = spots.get(from);
  const last = spots.get(to);
  if (!first || !last) return [];
  const path = [first];
  for (let column = first.column + 1; column < last.column; column++) {
    // A name cannot hold a zero byte, so a bend is never taken for a node.
    const bend = { id: `\0${serial}/${column}`, node: null, column, row: 0 };
    spots.set(bend.id, bend);
    path.push(bend);
  }
  path.push(last);
  return path;
}

/**
 * @param {Spot[][]} layers
 * @param {Links} links
 * @returns {Spot[][]}
 */
function orderLayers(layers, links) {
  let best = layers;
  let fewest = crossings(layers, links);
  let current = layers;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const rightwards = sweep % 2 === 0;
    current = sweepOnce(current, links, rightwards);
    const count = crossings(current, links);
    if (count < fewest) [best, fewest] = [current, count];
  }
  return best;
}

/**
 * @param {Spot[][]} layers
 * @param {Links} links
 * @param {boolean} rightwards
 */
function sweepOnce(layers, links, rightwards) {
  const next = layers.slice();
  const order = rightwards ? [...next.keys()] : [...next.keys()].reverse();
  for (const i of order) {
    const beside = next[rightwards ? i - 1 : i + 1];
    const layer = next[i] ?? [];
    if (!beside) continue;
    const places = new Map(beside.map((spot, place) => [spot, place]));
    const wish = new Map(
      layer.map((spot, place) => {
        const neighbours = rightwards ? links.left(spot) : links.right(spot);
        const known = neighbours.map((neighbour) => places.get(neighbour) ?? 0);
        return [spot, known.length > 0 ? mean(known) : place];
      }),
    );
    next[i] = layer.toSorted((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
  }
  return next;
}

/**
 * @param {Spot[][]} layers
 * @param {Links} links
 */
function crossings(layers, links) {
  let count = 0;
  for (const [i, layer] of layers.entries()) {
    const places = new Map((layers[i + 1] ?? []).map((spot, place) => [spot, place]));
    const ends = layer.flatMap((spot) =>
      links
        .right(spot)
        .map((neighbour) => places.get(neighbour) ?? 0)
        .toSorted((a, b) => a - b),
    );
    // Pairs whose right ends are in the other order than their left ends.
    for (let a = 0; a < ends.length; a++) {
      for (let b = a + 1; b < ends.length; b++) if ((ends[a] ?? 0) > (ends[b] ?? 0)) count++;
    }
  }
  return count;
}

/**
 * Gives every spot its row.
 *
 * @param {Spot[][]} layers  in order
 * @param {Links} links
 * @returns {number}  rows in all
 */
function settle(layers, links) {
  for (const layer of layers) {
    let row = 0;
    for (const [i, spot] of layer.entries()) {
      const before = layer[i - 1];
      row += before ? room(before, spot) : 0;
      spot.row = row;
    }
    const half = row / 2;
    for (const spot of layer) spot.row -= half;
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const order = sweep % 2 === 0 ? layers : layers.toReversed();
    for (const layer of order) {
      const wishes = layer.map((spot) => {
        const neighbours = links.both(spot);
        return neighbours.length > 0 ? mean(neighbours.map(({ row }) => row)) : spot.row;
      });
      for (const [i, row] of nearest(layer, wishes).entries()) {
        const spot = layer[i];
        if (spot) spot.row = row;
      }
    }
  }
  const all = layers.flat();
  const top = Math.min(0, ...all.map(({ row }) => row));
  for (const spot of all) spot.row -= top;
  return 1 + Math.max(0, ...all.map(({ row }) => row));
}

/**
 * The rows nearest to the wishes that keep order and room: blocks that want to overlap are merged and share their mean
 * ("pool adjacent violators").
 *
 * @param {Spot[]} layer
 * @param {number[]} wishes
 * @returns {number[]}
 */
function nearest(layer, wishes) {
  /** @type {{ start: number, sum: number, count: number }[]} Of wishes less the room of all before. */
  const blocks = [];
  /** @type {number[]} */
  const offsets = [];
  for (const [i, spot] of layer.entries()) {
    const before = layer[i - 1];
    offsets.push(before ? (offsets[i - 1] ?? 0) + room(before, spot) : 0);
    blocks.push({ start: i, sum: (wishes[i] ?? 0) - (offsets[i] ?? 0), count: 1 });
    for (;;) {
      const last = blocks.at(-1);
      const previous = blocks.at(-2);
      if (!last || !previous || previous.sum / previous.count <= last.sum / last.count) break;
      blocks.pop();
      previous.sum += last.sum;
      previous.count += last.count;
    }
  }
  return blocks.flatMap(({ start, sum, count }) =>
    Array.from({ length: count }, (_, k) => sum / count + (offsets[start + k] ?? 0)),
  );
}

/**
 * @param {Spot} a
 * @param {Spot} b
 */
function room(a, b) {
  return ((a.node === null ? BEND_ROOM : NODE_ROOM) + (b.node === null ? BEND_ROOM : NODE_ROOM)) / 2;
}

/**
 * @param {Edge[]} edges
 * @param {(edge: Edge) => string} keyOf
 */
function grouped(edges, keyOf) {
  /** @type {Map<string, Edge[]>} */
  const groups = new Map();
  for (const edge of edges) push(groups, keyOf(edge), edge);
  return groups;
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/**
 * @template K, V
 * @param {Map<K, V[]>} map
 * @param {K} key
 * @param {V} value
 */
function push(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
