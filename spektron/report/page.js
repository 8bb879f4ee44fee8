"use strict";
// Figures: drawn from the JSON beside them, in the colours of the scheme; again when the scheme changes or for print.
(() => {
  const plots = [...document.querySelectorAll(".plot")];
  const specs = plots.map((plot) => JSON.parse(document.getElementById(plot.dataset.spec).textContent));
  const config = {
    responsive: true,
    doubleClick: "reset",
    // Its buttons would cover labels, and saving is forbidden in a sandbox: the image files lie beside the page.
    displayModeBar: false,
  };

  // Values of keys such as "color" that name a CSS variable become what it is now.
  function resolved(value, style, key) {
    if (Array.isArray(value)) return value.map((item) => resolved(item, style, key));
    if (value && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolved(v, style, k)]));
    const name = typeof value === "string" && /color$/.test(key) && /^var\((--[a-z]+)\)$/.exec(value);
    return name ? style.getPropertyValue(name[1]).trim() : value;
  }

  function draw() {
    const style = getComputedStyle(document.documentElement);
    plots.forEach((plot, i) => {
      const { data, layout } = resolved(specs[i], style, "");
      Plotly.react(plot, data, layout, config);
    });
  }

  // Chosen ticks suit the whole range: after zooming in plotly chooses, and after a reset ours come back.
  function ticksFollowZoom(plot, layout) {
    plot.on("plotly_relayout", (event) => {
      for (const axis of ["xaxis", "yaxis"]) {
        const range = event[`${axis}.range`] || [event[`${axis}.range[0]`], event[`${axis}.range[1]`]];
        if (range[0] === undefined || layout[axis].tickmode !== "array") continue;
        const whole = layout[axis].range.every((end, i) => Math.abs(end - range[i]) < 1e-9);
        Plotly.relayout(plot, { [`${axis}.tickmode`]: whole ? "array" : "auto" });
      }
    });
  }

  if (plots.length && window.Plotly) {
    draw();
    plots.forEach((plot, i) => ticksFollowZoom(plot, specs[i].layout));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  function printing(now) {
    document.documentElement.toggleAttribute("data-print", now);
    if (plots.length && window.Plotly) draw();
  }
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
})();

// Tables: a click on a heading sorts ascending, then descending, then as it was. Missing cells stay last, totals below.
(() => {
  const order = { none: "ascending", ascending: "descending", descending: "none" };
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function compare(a, b) {
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? words.compare(a, b) : x - y;
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const first = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.firstElementChild.addEventListener("click", () => {
        const next = order[head.getAttribute("aria-sort") || "none"];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (next !== "none") head.setAttribute("aria-sort", next);
        const key = (row) => row.cells[column].dataset.v;
        const known = first.filter((row) => key(row) !== undefined);
        if (next !== "none") known.sort((a, b) => compare(key(a), key(b)) * (next === "ascending" ? 1 : -1));
        const rest = first.filter((row) => key(row) === undefined);
        body.append(...(next === "none" ? first : [...known, ...rest]));
      });
    });
  }
})();
