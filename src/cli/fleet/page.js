(() => {
  "use strict";
  const all = (selector) => [...document.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const cells = all(".grid a"), groups = all("details");
  const status = byId("status"), kind = byId("class"), name = byId("name"), shown = byId("shown"), about = byId("about");
  const fits = (element) =>
    (!status.value || element.dataset.s === status.value) && (!kind.value || element.dataset.c === kind.value);
  const filter = () => {
    const text = name.value.toLowerCase();
    const named = new Set();
    let count = 0;
    for (const cell of cells) {
      const fit = fits(cell) && (!text || cell.dataset.n.toLowerCase().includes(text));
      cell.parentNode.hidden = !fit;
      if (fit) { count += 1; named.add(cell.hash.slice(1)); }
    }
    for (const group of groups) group.hidden = !named.has(group.id);
    shown.textContent = String(count);
  };
  for (const field of [status, kind, name]) field.addEventListener("input", filter);
  byId("filters").addEventListener("reset", () => setTimeout(filter));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());

  const open = (id) => { const group = byId(id); if (group) group.open = true; };
  const step = (from, key) => {
    const row = [...from.closest(".grid").querySelectorAll("li:not([hidden]) > a")];
    const at = row.indexOf(from);
    const same = (place) => row[place] && row[place].offsetLeft === from.offsetLeft;
    switch (key) {
      case "ArrowRight": return row[at + 1];
      case "ArrowLeft": return row[at - 1];
      case "Home": return row[0];
      case "End": return row[row.length - 1];
      case "ArrowDown": for (let i = at + 1; i < row.length; i += 1) if (same(i)) return row[i]; return undefined;
      case "ArrowUp": for (let i = at - 1; i >= 0; i -= 1) if (same(i)) return row[i]; return undefined;
      default: return undefined;
    }
  };
  for (const grid of all(".grid")) {
    grid.addEventListener("keydown", (event) => {
      const to = event.target.matches("a") && step(event.target, event.key);
      if (!to) return;
      event.preventDefault();
      event.target.tabIndex = -1;
      to.tabIndex = 0;
      to.focus();
    });
    grid.addEventListener("click", (event) => { if (event.target.matches("a")) open(event.target.hash.slice(1)); });
    for (const kind of ["focusin", "mouseover"]) {
      grid.addEventListener(kind, (event) => { if (event.target.matches("a")) about.textContent = event.target.title; });
    }
  }
  open(location.hash.slice(1));
})();
