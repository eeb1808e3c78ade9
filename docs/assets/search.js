// Search that waits until somebody searches. The theme starts a worker and loads the index, ten times
// the weight of a page, on every page; here both start when the search box is first used, or when the
// address holds a query. Loaded before the theme's own script, which notices nothing.
(() => {
  "use strict";

  const wanted = new Promise((resolve) => {
    if (/[?&][hq]=/.test(location.search)) resolve();
    document.addEventListener("focusin", (event) => {
      if (event.target.closest("[data-md-component='search']")) resolve();
    });
  });

  const Plain = window.Worker;
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.started = wanted.then(() => {
        const worker = new Plain(address);
        worker.addEventListener("message", ({ data }) => {
          this.dispatchEvent(new MessageEvent("message", { data }));
        });
        return worker;
      });
    }

    postMessage(message) {
      this.started.then((worker) => worker.postMessage(message));
    }
  };

  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    this.waits = String(address).endsWith("search/search_index.json");
    return open.call(this, method, address, ...more);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    if (this.waits) wanted.then(() => send.apply(this, body));
    else send.apply(this, body);
  };
})();
