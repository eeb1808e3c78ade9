// Tables that sort and filter. Without this script they are plain tables; with it, headers become
// buttons, aria-sort says what is sorted, and the state is kept in the address.
(() => {
  "use strict";

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = (cell?.dataset.value ?? cell?.textContent ?? "").trim();
    const number = Number(text.replace(/[\u2212\u2013]/g, "-").replace(/[, ]/g, ""));
    return { text, number: text !== "" && Number.isFinite(number) ? number : null };
  };

  const compare = (a, b) => {
    if (a.text === "" || b.text === "") return (a.text === "") - (b.text === "");
    if (a.number !== null && b.number !== null) return a.number - b.number;
    return a.text.localeCompare(b.text, "en", { numeric: true });
  };

  const remember = (name, state) => {
    const address = new URL(location.href);
    for (const [key, text] of Object.entries(state)) {
      if (text) address.searchParams.set(`${name}.${key}`, text);
      else address.searchParams.delete(`${name}.${key}`);
    }
    history.replaceState(history.state, "", address);
  };

  const sort = (table, column, descending) => {
    const headers = table.tHead.rows[0].cells;
    for (const header of headers) header.removeAttribute("aria-sort");
    headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const rows = [...body.rows].map((row) => [value(row, column), row]);
      rows.sort(([a], [b]) => {
        const order = compare(a, b);
        return descending && a.text !== "" && b.text !== "" ? -order : order;
      });
      body.append(...rows.map(([, row]) => row));
    }
  };

  const filter = (table, text, said) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let total = 0;
    for (const body of table.tBodies) {
      for (const row of body.rows) {
        const content = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => content.includes(word));
        total += 1;
        shown += row.hidden ? 0 : 1;
      }
    }
    said.textContent = words.length ? ` ${shown} of ${total} rows` : "";
  };

  const makeSortable = (table, name, wanted) => {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "kb-sort";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const descending = header.getAttribute("aria-sort") === "ascending";
        sort(table, column, descending);
        remember(name, { sort: `${column}${descending ? "-" : ""}` });
      });
    });
    const found = /^(\d+)(-?)$/.exec(wanted ?? "");
    if (found && table.tHead.rows[0].cells[found[1]]) sort(table, Number(found[1]), found[2] === "-");
  };

  const makeFilterable = (table, name, wanted) => {
    const label = document.createElement("label");
    label.className = "kb-filter";
    const input = document.createElement("input");
    input.type = "search";
    const said = document.createElement("output");
    label.append("Show only rows with", input, said);
    (table.closest(".kb-scroll") ?? table).before(label);
    input.addEventListener("input", () => {
      filter(table, input.value, said);
      remember(name, { only: input.value });
    });
    if (wanted) {
      input.value = wanted;
      filter(table, wanted, said);
    }
  };

  const bind = () => {
    const state = new URL(location.href).searchParams;
    for (const table of document.querySelectorAll("table[data-sortable]:not([data-bound])")) {
      const name = table.dataset.sortable;
      table.dataset.bound = "";
      if (table.dataset.filter !== undefined) makeFilterable(table, name, state.get(`${name}.only`));
      makeSortable(table, name, state.get(`${name}.sort`));
    }
  };

  if (window.document$) window.document$.subscribe(bind);
  else bind();
})();
