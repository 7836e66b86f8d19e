/** Where a series found leads: its curve, with the value usual for its kind. */

import { curve } from "../curves.js";
import { valuesOf } from "../query.js";

/** @import { Series } from "../types.js" */

/** @param {Series} series */
export function seriesLink({ name, labels, kind }) {
  return curve(name, labels, valuesOf(kind)[0] ?? "avg");
}
