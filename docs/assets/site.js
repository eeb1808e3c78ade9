// Small conveniences; every page reads without them.
(() => {
  "use strict";

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

  const bind = () => {
    reasons();
    picker();
  };
  if (window.document$) window.document$.subscribe(bind);
  else bind();
})();
