/**
 * Figures as an operator reads them: three significant digits, a prefix for size, the unit beside. "–" is no figure at all.
 *
 * @typedef {{ text: string, unit: string }} Quantity
 */

export const NONE = "–";

/** @type {[number, string][]} */
const SI = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];
/** @type {[number, string][]} */
const BINARY = [
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
];
/** @type {[number, string][]} Of microseconds. */
const TIME = [
  [86_400e6, "d"],
  [3_600e6, "h"],
  [60e6, "min"],
  [1e6, "s"],
  [1e3, "ms"],
];

/**
 * 1234567 → "1.23M"; 18400 → "18.4k"; 0.3 → "0.3".
 *
 * @param {number | null | undefined} value
 * @returns {string}
 */
export function number(value) {
  if (!isFigure(value)) return NONE;
  const [scaled, prefix] = scale(value, SI, "");
  return significant(scaled) + prefix;
}

/**
 * 96 → "96 µs"; 6400 → "6.4 ms".
 *
 * @param {number | null | undefined} us
 * @returns {string}
 */
export function duration(us) {
  return isFigure(us) ? join(scaledQuantity(us, TIME, "µs")) : NONE;
}

/**
 * @param {number | null | undefined} value
 * @returns {string}
 */
export function bytes(value) {
  return isFigure(value) ? join(scaledQuantity(value, BINARY, "B")) : NONE;
}

/**
 * A share of one, cut rather than rounded above a half, so that only what is whole reads "100 %".
 *
 * @param {number | null | undefined} share
 * @returns {string}
 */
export function percent(share) {
  if (!isFigure(share)) return NONE;
  const hundredfold = share * 100;
  if (hundredfold === 100 || hundredfold === 0) return `${hundredfold} %`;
  if (hundredfold > 99.99 && hundredfold < 100) return `${(Math.floor(hundredfold * 1000) / 1000).toFixed(3)} %`;
  if (hundredfold > 50) return `${(Math.floor(hundredfold * 100) / 100).toFixed(2)} %`;
  return hundredfold < 0.01 ? "<0.01 %" : `${significant(hundredfold)} %`;
}

/**
 * The change from one figure to another: "+12 %", "−3 %", "×4.2" where it grew beyond threefold.
 *
 * @param {number | null | undefined} now
 * @param {number | null | undefined} before
 * @returns {string}
 */
export function change(now, before) {
  if (!isFigure(now) || !isFigure(before) || before === 0) return NONE;
  const ratio = now / before;
  if (ratio >= 3) return `×${significant(ratio)}`;
  const hundredfold = (ratio - 1) * 100;
  const text = Math.abs(hundredfold) < 10 ? Math.abs(hundredfold).toFixed(1) : Math.abs(hundredfold).toFixed(0);
  if (Number(text) === 0) return "±0 %";
  return `${hundredfold < 0 ? "−" : "+"}${text} %`;
}

/**
 * A figure with the unit that a series or tile names.
 *
 * @param {number | null | undefined} value
 * @param {string} unit  of the server: "us", "seconds", "bytes", "ratio", "messages/s", …
 * @returns {Quantity}
 */
export function quantity(value, unit) {
  if (!isFigure(value)) return { text: NONE, unit: "" };
  const [base, per] = unit.endsWith("/s") ? [unit.slice(0, -2), "/s"] : [unit, ""];
  switch (base) {
    case "us":
    case "microseconds":
      return per ? { text: number(value / 1e6), unit: "s/s" } : scaledQuantity(value, TIME, "µs");
    case "milliseconds":
    case "ms":
      return per ? { text: number(value / 1e3), unit: "s/s" } : scaledQuantity(value * 1e3, TIME, "µs");
    case "seconds":
    case "s":
      return per ? { text: number(value), unit: "s/s" } : scaledQuantity(value * 1e6, TIME, "µs");
    case "bytes": {
      const { text, unit: scaled } = scaledQuantity(value, BINARY, "B");
      return { text, unit: scaled + per };
    }
    case "ratio": {
      const [text = NONE, sign = ""] = percent(value).split(" ");
      return { text, unit: sign + per };
    }
    default:
      return { text: number(value), unit };
  }
}

/**
 * @param {Quantity} quantity
 * @returns {string}
 */
export function join({ text, unit }) {
  if (unit === "") return text;
  return unit.startsWith("/") ? text + unit : `${text} ${unit}`;
}

/**
 * @param {number | null | undefined} value
 * @returns {value is number}
 */
export function isFigure(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * @param {number} value
 * @param {[number, string][]} scales
 * @param {string} unit
 * @returns {Quantity}
 */
function scaledQuantity(value, scales, unit) {
  const [scaled, name] = scale(value, scales, unit);
  return { text: significant(scaled), unit: name };
}

/**
 * @param {number} value
 * @param {[number, string][]} scales  largest first
 * @param {string} unit  of what is smaller than all of them
 * @returns {[number, string]}
 */
function scale(value, scales, unit) {
  // What rounds to a thousand of one unit is one of the next: 999.6 → 1k.
  const magnitude = Math.abs(value) * 1.0005;
  for (const [factor, name] of scales) {
    if (magnitude >= factor) return [value / factor, name];
  }
  return [value, unit];
}

/**
 * @param {number} value  below a thousand, or in the largest unit there is
 * @returns {string}
 */
function significant(value) {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  if (magnitude < 0.001) return value < 0 ? ">−0.001" : "<0.001";
  const digits = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : magnitude >= 0.9995 ? 2 : 3;
  return trim(value.toFixed(digits)).replace("-", "−");
}

/**
 * @param {string} text
 * @returns {string}
 */
function trim(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
