/** Figures as they are written. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, change, duration, join, number, percent, quantity } from "../../../web/js/number.js";

test("three digits and a prefix", () => {
  const written = [0, 0.3, 7.25, 96.4, 999.4, 999.6, 1840, 18_400, 1_234_567, -2500].map(number);
  assert.deepEqual(written, ["0", "0.3", "7.25", "96.4", "999", "1k", "1.84k", "18.4k", "1.23M", "−2.5k"]);
});

test("what is no figure is a dash", () => {
  for (const none of [null, undefined, NaN, Infinity]) {
    assert.equal(number(none), "–");
    assert.equal(duration(none), "–");
    assert.equal(percent(none), "–");
    assert.equal(join(quantity(none, "bytes")), "–");
  }
});

test("times go from microseconds up", () => {
  assert.deepEqual([96, 6400, 1_250_000, 90e6, 7200e6].map(duration), ["96 µs", "6.4 ms", "1.25 s", "1.5 min", "2 h"]);
});

test("bytes are binary", () => {
  assert.deepEqual([512, 2048, 400 * 2 ** 20].map(bytes), ["512 B", "2 KiB", "400 MiB"]);
});

test("only what is whole reads 100 %", () => {
  assert.deepEqual([1, 0.99999, 0.9994, 0.986, 0.0152, 0.00001, 0].map(percent), [
    "100 %",
    "99.999 %",
    "99.94 %",
    "98.60 %",
    "1.52 %",
    "<0.01 %",
    "0 %",
  ]);
});

test("a change is a share, or a multiple when it is large", () => {
  assert.deepEqual(
    [change(112, 100), change(97, 100), change(420, 100), change(100, 100), change(5, 0)],
    ["+12 %", "−3.0 %", "×4.2", "±0 %", "–"],
  );
});

test("a unit is scaled where it can be, and kept where not", () => {
  const written = [
    [6400, "us"],
    [6400, "microseconds"],
    [0.5, "seconds"],
    [420_000, "microseconds/s"],
    [2048, "bytes/s"],
    [0.962, "ratio"],
    [1840, "messages/s"],
    [12, "/s"],
  ].map(([value, unit]) => join(quantity(Number(value), String(unit))));
  assert.deepEqual(written, ["6.4 ms", "6.4 ms", "500 ms", "0.42 s/s", "2 KiB/s", "96.20 %", "1.84k messages/s", "12/s"]);
});
