/** From rows and columns to pixels: as much of the room as there is, and more, to be scrolled, where it is too small to read. */

/** @import { Layout, Spot } from "./graph_layout.js" */

/**
 * @typedef {Object} Frame
 * @property {number} width  of the picture, pixels
 * @property {number} height
 * @property {number} nodeWidth
 * @property {number} nodeHeight
 * @property {boolean} flat  a node is one line
 * @property {(spot: Spot) => number} x  of a spot's middle
 * @property {(spot: Spot) => number} y
 */

/** A node has its name above its figures; where rows are many and columns few, beside them. */
const NODE_HEIGHT_MOST = 34;
const NODE_HEIGHT_LEAST = 30;
const FLAT_NODE_HEIGHT = 20;
const NODE_WIDTH_MOST = 126;
const NODE_WIDTH_LEAST = 104;
const FLAT_NODE_WIDTH = 196;
/** The room between columns, as a share of a node's width. */
const COLUMN_GAP_SHARE = 0.42;
const COLUMN_GAP_LEAST = 34;
const FLAT_COLUMN_GAP_LEAST = 90;
/** Between nodes above each other. */
const ROW_GAP_LEAST = 4;
const ROW_HEIGHT_MOST = 74;
const MARGIN = 8;

/**
 * @param {Layout} plan
 * @param {{ width: number, height: number }} room
 * @returns {Frame}
 */
export function frameOf({ columns, rows }, room) {
  const gaps = Math.max(1, columns - 1);
  const inner = { width: room.width - 2 * MARGIN, height: room.height - 2 * MARGIN };
  const tooMany = rows * (NODE_HEIGHT_LEAST + ROW_GAP_LEAST) > inner.height;
  const flat = tooMany && columns * FLAT_NODE_WIDTH + gaps * FLAT_COLUMN_GAP_LEAST <= inner.width;
  const share = inner.width / (columns + gaps * COLUMN_GAP_SHARE);
  const nodeWidth = flat ? FLAT_NODE_WIDTH : Math.min(NODE_WIDTH_MOST, Math.max(NODE_WIDTH_LEAST, share));
  const nodeHeight = flat
    ? FLAT_NODE_HEIGHT
    : Math.min(NODE_HEIGHT_MOST, Math.max(NODE_HEIGHT_LEAST, Math.floor(inner.height / rows) - ROW_GAP_LEAST));
  const width = Math.max(room.width, 2 * MARGIN + columns * nodeWidth + gaps * COLUMN_GAP_LEAST);
  const pitch = (width - 2 * MARGIN - nodeWidth) / gaps;
  const rowHeight = Math.min(ROW_HEIGHT_MOST, Math.max(nodeHeight + ROW_GAP_LEAST, inner.height / rows));
  const used = rows * rowHeight + 2 * MARGIN;
  const height = Math.max(used, room.height);
  const top = MARGIN + (height - used) / 2;
  return {
    width,
    height,
    nodeWidth,
    nodeHeight,
    flat,
    x: ({ column }) => (columns === 1 ? width / 2 : MARGIN + nodeWidth / 2 + column * pitch),
    y: ({ row }) => top + (row + 0.5) * rowHeight,
  };
}
