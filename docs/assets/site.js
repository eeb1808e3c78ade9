// Small conveniences; every page reads without them.
(() => {
  "use strict";

  // What a reader chose is kept in the address, so that a link to the page shows it again.
  const remember = (name, text) => {
    const address = new URL(location.href);
    if (text) address.searchParams.set(name, text);
    else address.searchParams.delete(name);
    history.replaceState(history.state, "", address);
  };
  const remembered = (name) => new URL(location.href).searchParams.get(name) ?? "";

  // The matrix: the reason of the cell under the pointer or the focus, in one line below it.
  const reasons = () => {
    for (const table of document.querySelectorAll("table[data-reasons]:not([data-bound])")) {
      const line = document.querySelector("[data-reason-line]");
      if (!line) continue;
      table.dataset.bound = "";
      const show = (event) => {
        const said = event.target.closest("[title], [data-reason]");
        if (!said || !table.contains(said)) return;
        if (said.title) {
          said.dataset.reason = said.title;
          said.removeAttribute("title");
        }
        line.textContent = said.dataset.reason;
      };
      table.addEventListener("pointerover", show);
      table.addEventListener("focusin", show);
    }
  };

  // Head to head: two selects that go to the page of that pair.
  const picker = () => {
    for (const form of document.querySelectorAll("form[data-picker]:not([data-bound])")) {
      form.dataset.bound = "";
      form.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const [a, b] = [form.elements.a, form.elements.b];
        if (a.value === b.value) {
          form.querySelector("output").textContent = "Choose two different models.";
          return;
        }
        const [first, second] = [a, b].sort((x, y) => x.selectedIndex - y.selectedIndex);
        location.assign(new URL(`${first.value}--${second.value}/`, location.href.replace(/[?#].*/, "")));
      });
    }
  };

  // Ranking: weights that can be moved; the means, and who leads, follow.
  const weights = () => {
    for (const table of document.querySelectorAll("table[data-weights]:not([data-bound])")) {
      table.dataset.bound = "";
      const heads = [...table.tHead.rows[0].cells].slice(2);
      const names = heads.map((cell) => cell.textContent.trim());
      const line = table.closest(".kb-scroll").nextElementSibling;
      const rows = [...table.tBodies[0].rows].map((row) => {
        const input = document.createElement("input");
        Object.assign(input, { type: "number", min: 0, max: 10, step: 0.5, value: 1 });
        input.setAttribute("aria-label", `Weight of ${row.cells[0].textContent.trim()}`);
        row.cells[1].replaceChildren(input);
        const points = [...row.cells].slice(2).map((cell) => parseFloat(cell.textContent));
        return { input, points };
      });
      const means = () =>
        names.map((name, column) => {
          const graded = rows.filter((row) => !Number.isNaN(row.points[column]));
          const total = graded.reduce((sum, row) => sum + Number(row.input.value), 0);
          const sum = graded.reduce((s, row) => s + Number(row.input.value) * row.points[column], 0);
          return { name, mean: total > 0 ? sum / total : NaN, ranked: "ranked" in heads[column].dataset };
        });
      const leader = (found) => {
        const ranked = found.filter((f) => f.ranked && !Number.isNaN(f.mean));
        const best = Math.max(...ranked.map((f) => f.mean));
        return ranked.filter((f) => f.mean > best - 1e-9).map((f) => f.name).join(" and ");
      };
      const first = leader(means());
      const name = `weights.${line.dataset.weightsLine}`;
      remembered(name).split(",").forEach((text, row) => {
        if (rows[row] && text !== "" && Number(text) >= 0) rows[row].input.value = text;
      });
      const update = () => {
        const found = means();
        found.forEach(({ mean }, column) => {
          table.tFoot.rows[0].cells[column + 2].textContent = Number.isNaN(mean) ? "\u2013" : (Math.round((mean + 1e-9) * 100) / 100).toFixed(2);
        });
        const now = leader(found);
        if (!now) line.textContent = "No model is ranked with these weights.";
        else if (now === first) line.textContent = `First by the mean: ${now}, as with equal weights.`;
        else line.textContent = `First by the mean: ${now}. With equal weights it is ${first}.`;
      };
      const keep = () => {
        const weights = rows.map(({ input }) => input.value);
        remember(name, weights.every((weight) => weight === "1") ? "" : weights.join(","));
      };
      for (const { input } of rows) {
        input.addEventListener("input", () => {
          update();
          keep();
        });
      }
      line.setAttribute("aria-live", "polite");
      if (first) update();
    }
  };

  // A challenge: the listings of two outputs, fetched from their own pages.
  const compare = () => {
    for (const form of document.querySelectorAll("form[data-compare]:not([data-bound])")) {
      form.dataset.bound = "";
      form.hidden = false;
      const panes = form.parentElement.querySelector("[data-compare-panes]");
      const said = form.querySelector("output");
      const sides = [form.elements.a, form.elements.b];
      const show = async () => {
        said.textContent = "Loading";
        try {
          panes.replaceChildren(...(await Promise.all(sides.map(listing))));
          said.textContent = "";
        } catch {
          said.textContent = "The listings could not be loaded; the links above lead to them.";
        }
      };
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        remember("compare", sides.map((side) => side.selectedOptions[0].dataset.name).join(","));
        show();
      });
      const wanted = remembered("compare").split(",");
      const found = sides.map((side, n) =>
        [...side.options].findIndex((option) => option.dataset.name === wanted[n]));
      if (found.every((index) => index >= 0)) {
        sides.forEach((side, n) => { side.selectedIndex = found[n]; });
        show();
      }
    }
  };

  const listing = async (select) => {
    const reply = await fetch(new URL(select.value, location.href));
    if (!reply.ok) throw new Error(reply.statusText);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const pane = document.createElement("section");
    pane.setAttribute("aria-label", select.selectedOptions[0].textContent);
    const title = document.createElement("h3");
    title.textContent = select.selectedOptions[0].textContent;
    pane.append(title);
    for (const part of page.querySelectorAll("article h2, article .highlight pre")) {
      const copy = document.importNode(part, true);
      for (const link of copy.querySelectorAll(".headerlink, .md-code__nav")) link.remove();
      for (const marked of [copy, ...copy.querySelectorAll("[id]")]) marked.removeAttribute("id");
      for (const link of copy.querySelectorAll("a[href^='#']")) link.removeAttribute("href");
      if (copy.tagName === "PRE") copy.tabIndex = 0;
      const box = document.createElement("div");
      if (copy.tagName === "PRE") box.className = "highlight";
      else box.className = "kb-side__file";
      box.append(...(copy.tagName === "PRE" ? [copy] : [copy.textContent.trim()]));
      pane.append(box);
    }
    return pane;
  };

  // Listings: a click on a line's number puts its anchor into the address.
  const lines = () => {
    for (const listing of document.querySelectorAll(".highlight code:not([data-bound])")) {
      listing.dataset.bound = "";
      listing.addEventListener("click", (event) => {
        const line = event.target.classList.contains("linenos") && event.target.closest("span[id]");
        if (line) location.hash = line.id;
      });
    }
  };

  // A session: filters by kind, and an address opens the entry that it names.
  const timeline = () => {
    for (const form of document.querySelectorAll("form[data-timeline]:not([data-bound])")) {
      form.dataset.bound = "";
      form.hidden = false;
      const steps = [...document.querySelectorAll(".kb-timeline > li")];
      const filter = () => {
        const kinds = new Set([...form.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
        const failed = form.elements.failed.checked;
        for (const step of steps) {
          step.hidden = !kinds.has(step.dataset.kind) || (failed && !("failed" in step.dataset));
        }
        const shown = steps.filter((step) => !step.hidden).length;
        form.querySelector("output").textContent = `${shown} of ${steps.length} shown`;
      };
      const open = () => {
        const step = location.hash.startsWith("#m-") && document.getElementById(location.hash.slice(1));
        if (!step) return;
        step.hidden = false;
        for (const part of step.querySelectorAll("details")) part.open = true;
        step.scrollIntoView();
      };
      form.addEventListener("change", filter);
      addEventListener("hashchange", open);
      filter();
      open();
    }
  };

  const bind = () => {
    lines();
    reasons();
    picker();
    weights();
    compare();
    timeline();
  };
  if (window.document$) window.document$.subscribe(bind);
  else bind();
})();
