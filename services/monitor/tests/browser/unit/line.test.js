/** Which lines of a curve are drawn, and their figures in short. */

import assert from "node:assert/strict";
import { test } from "node:test";

// The words' language stands at the document's root.
Object.assign(globalThis, { document: { documentElement: { lang: "en" } } });
const { drawnLines, summary } = await import("../../../web/js/curve/line.js");

/** @param {{ title: string, overlay: null | "yesterday", v: (number | null)[] }[]} lines */
function curve(lines) {
  return { t: [0, 10], lines, unit: "", kind: "counter", help: "" };
}

test("the largest lines are drawn, the rest wait", () => {
  const lines = Array.from({ length: 20 }, (_, i) => ({ title: `i${i}`, overlay: null, v: [i, i] }));
  const drawn = drawnLines(curve(lines), "instance", "x", new Map());
  assert.deepEqual(
    drawn.filter(({ shown }) => shown).map(({ title }) => title),
    Array.from({ length: 12 }, (_, i) => `i${19 - i}`),
  );
});

test("what was chosen by hand stays", () => {
  const first = drawnLines(curve([{ title: "a", overlay: null, v: [1, 1] }]), "host", "x", new Map());
  const chosen = new Map([[first[0]?.key ?? "", false]]);
  assert.equal(drawnLines(curve([{ title: "a", overlay: null, v: [1, 1] }]), "host", "x", chosen)[0]?.shown, false);
});

test("a line and its past are neighbours of one colour", () => {
  const lines = [
    { title: "a", overlay: null, v: [1, 1] },
    { title: "b", overlay: null, v: [2, 2] },
    { title: "a", overlay: /** @type {const} */ ("yesterday"), v: [9, 9] },
  ];
  const drawn = drawnLines(curve(lines), "host", "x", new Map());
  assert.deepEqual(
    drawn.map(({ title }) => title),
    ["b", "a", "a · yesterday"],
  );
  assert.equal(drawn[1]?.colour, drawn[2]?.colour);
});

test("gaps count for nothing", () => {
  assert.deepEqual(summary([null, 2, 4, null]), { last: 4, min: 2, avg: 3, max: 4 });
  assert.deepEqual(summary([null]), { last: null, min: null, avg: null, max: null });
});
