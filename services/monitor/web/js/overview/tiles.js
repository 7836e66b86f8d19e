/** The figures of the business, each with its last hours and the same time yesterday. */

import { queryLink } from "../curves.js";
import { h, setAttribute, setText } from "../dom.js";
import { keyed } from "../keyed.js";
import { NONE, change, join, quantity } from "../number.js";
import { named, t } from "../words/index.js";
import { sparkline } from "./sparkline.js";

/** @import { Tile } from "../types.js" */

/** On wide screens more tiles than this make two rows of the same length. */
const ONE_ROW_MOST = 7;

/** Units of what is measured; all others are of what is counted. */
const MEASURED = /^(us|ms|s|.*seconds|bytes|ratio)$|\/s$/;

/** @returns {{ element: HTMLElement, update: (tiles: Tile[], range_s: number) => void }} */
export function tiles() {
  const list = h("div", { class: "tiles", role: "group", "aria-label": t("tiles") });
  let range_s = 0;
  const draw = keyed(
    list,
    (/** @type {Tile} */ tile) => tile.key,
    () => tileOf(() => range_s),
  );
  return {
    element: list,
    update(tiles, range) {
      range_s = range;
      list.style.setProperty("--columns", String(tiles.length > ONE_ROW_MOST ? Math.ceil(tiles.length / 2) : tiles.length));
      draw(tiles);
    },
  };
}

/** @param {() => number} range_s */
function tileOf(range_s) {
  const title = h("span", { class: "tile-title" });
  const text = h("span", { class: "tile-figure" });
  const unit = h("span", { class: "tile-unit" });
  const against = h("span", { class: "tile-change" });
  const spark = sparkline();
  const head = h("span", { class: "tile-head" }, title, against);
  const element = h("a", { class: "tile" }, head, h("span", { class: "tile-value" }, text, unit), spark.element);
  return {
    element,
    /** @param {Tile} tile */
    update(tile) {
      const now = quantity(whole(tile.value, tile.unit), tile.unit);
      setText(title, named("tile", tile.key));
      setText(text, now.text);
      setText(unit, shortUnit(tile.unit, now.unit));
      const changed = change(tile.value, tile.yesterday);
      setText(against, changed === NONE ? "" : changed);
      const said = changed === NONE ? t("no_yesterday") : yesterdayText(tile, changed);
      setAttribute(element, "title", said);
      setAttribute(element, "href", queryLink(tile.query, { overlay: "yesterday", range: String(range_s()) }));
      spark.update(tile.spark, tile.yesterday);
    },
  };
}

/**
 * The title names what is counted, so a unit that only says it again ("users", "messages/s") is left out but for its "/s".
 *
 * @param {string} unit  of the tile
 * @param {string} shown  of the figure, scaled
 */
function shortUnit(unit, shown) {
  if (unit !== shown) return shown;
  return unit.endsWith("/s") ? "/s" : "";
}

/**
 * @param {Tile} tile
 * @param {string} changed
 */
function yesterdayText(tile, changed) {
  return t("against_yesterday", { change: changed, value: join(quantity(whole(tile.yesterday, tile.unit), tile.unit)) });
}

/**
 * A figure is the mean of a minute, but nobody counts two thirds of a user.
 *
 * @param {number | null} value
 * @param {string} unit
 */
function whole(value, unit) {
  return value === null || Math.abs(value) < 1 || MEASURED.test(unit) ? value : Math.round(value);
}
