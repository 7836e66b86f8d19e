/** Call graphs in columns. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { layout } from "../../../web/js/overview/graph_layout.js";

/** @param {string} text  "a-b a-c" */
function edges(text) {
  return text.split(" ").map((edge) => {
    const [from = "", to = ""] = edge.split("-");
    return { from, to };
  });
}

/** @param {string} text */
function placed(text) {
  const all = edges(text);
  return layout([...new Set(all.flatMap(({ from, to }) => [from, to]))].sort(), all);
}

test("callers stand left of those they call", () => {
  const { spots, columns } = placed("access-message access-sync message-store sync-store message-push push-session");
  const column = (/** @type {string} */ name) => spots.get(name)?.column;
  assert.deepEqual(["access", "message", "sync", "push", "store", "session"].map(column), [0, 1, 1, 2, 2, 3]);
  assert.equal(columns, 4);
});

test("whom nobody calls stands beside those it calls", () => {
  const { spots } = placed("a-b b-c c-d w-d");
  assert.equal(spots.get("w")?.column, 2);
});

test("a circle is drawn, and its edges keep their direction", () => {
  const { routes } = placed("a-b b-c c-a");
  assert.deepEqual(
    routes.map(({ path }) => `${path[0]?.node}-${path.at(-1)?.node}`),
    ["a-b", "b-c", "c-a"],
  );
});

test("an edge bends in each column that it passes", () => {
  const { routes } = placed("a-b b-c c-d a-d");
  assert.deepEqual(
    routes.find(({ edge }) => edge.from === "a" && edge.to === "d")?.path.map(({ column }) => column),
    [0, 1, 2, 3],
  );
});

test("nodes of a column do not overlap", () => {
  const { spots } = placed("a-b a-c a-d a-e b-f c-f d-f e-f a-f");
  const rows = [...spots.values()].filter(({ node, column }) => node && column === 1).map(({ row }) => row);
  rows.sort((x, y) => x - y);
  for (const [i, row] of rows.entries()) if (i > 0) assert.ok(row - (rows[i - 1] ?? 0) >= 0.999, String(rows));
});

test("edges that need not cross do not", () => {
  const { spots } = placed("a-x b-y c-z r-a r-b r-c");
  const order = (/** @type {string[]} */ names) => names.toSorted((m, n) => (spots.get(m)?.row ?? 0) - (spots.get(n)?.row ?? 0));
  const first = order(["a", "b", "c"]);
  const second = order(["x", "y", "z"]);
  assert.deepEqual(
    first.map((name) => "abc".indexOf(name)),
    second.map((name) => "xyz".indexOf(name)),
  );
});

test("loops and strangers are left out; nothing at all is a layout, too", () => {
  assert.equal(
    layout(
      ["a"],
      [
        { from: "a", to: "a" },
        { from: "a", to: "ghost" },
      ],
    ).routes.length,
    0,
  );
  assert.equal(layout([], []).spots.size, 0);
});
