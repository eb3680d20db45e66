import { setText } from "./element.js";

export interface Cell {
  readonly text: string;
  readonly isNumber?: boolean;
  /** Coloured by it; the text says it as well. */
  readonly state?: string;
  /** Makes it a button. */
  readonly onPress?: () => void;
}

export interface Row {
  readonly key: string;
  /** The first names the row. */
  readonly cells: readonly Cell[];
}

/** A table that is changed in place: what has the focus keeps it. */
export class KeyedTable {
  readonly #body: HTMLTableSectionElement;
  readonly #rows = new Map<string, HTMLTableRowElement>();

  constructor(table: HTMLTableElement) {
    this.#body = table.tBodies[0] ?? table.createTBody();
  }

  show(rows: readonly Row[]): void {
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    let place = this.#body.firstElementChild;
    for (const { key, cells } of rows) {
      const row = this.#rows.get(key) ?? makeRow(cells);
      this.#rows.set(key, row);
      for (const [index, cell] of cells.entries()) fill(row.cells[index], cell);
      if (row === place) place = row.nextElementSibling;
      else this.#body.insertBefore(row, place);
    }
  }
}

function makeRow(cells: readonly Cell[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  for (const [index, { isNumber, onPress }] of cells.entries()) {
    const cell = document.createElement(index === 0 ? "th" : "td");
    if (index === 0) cell.setAttribute("scope", "row");
    if (isNumber) cell.className = "number";
    if (onPress !== undefined) {
      const button = document.createElement("button");
      button.type = "button";
      button.addEventListener("click", onPress);
      cell.append(button);
    }
    row.append(cell);
  }
  return row;
}

function fill(cell: HTMLTableCellElement | undefined, { text, state }: Cell): void {
  if (cell === undefined) return;
  setText(cell.querySelector("button") ?? cell, text);
  if (state !== undefined) cell.dataset.state = state;
}
