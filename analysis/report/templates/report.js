"use strict";

// Figures: their data stand in the page as attributes, escaped; the colours of text follow the page's.
const figures = [...document.querySelectorAll("[data-figure]")];

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    "font.color": of("--ink"),
    "hoverlabel.bgcolor": of("--panel"),
    "hoverlabel.bordercolor": of("--line"),
    "hoverlabel.font.color": of("--ink"),
  };
}

function paint() {
  for (const figure of figures) Plotly.relayout(figure, colours());
}

// A finger that drags means to scroll the page, not to zoom a figure.
const fine = matchMedia("(pointer: fine)").matches;
const config = {
  responsive: true,
  displaylogo: false,
  displayModeBar: fine ? "hover" : false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
};
for (const figure of figures) {
  const { data, layout } = JSON.parse(figure.dataset.figure);
  Plotly.newPlot(figure, data, { ...layout, dragmode: fine && "zoom" }, config);
}
paint();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

// Paper is white and of one width: 940 px fit between the margins of A4 and of Letter, landscape.
addEventListener("beforeprint", () => {
  for (const figure of figures) {
    const width = figure.matches(".curves *") ? 460 : 940;
    Plotly.relayout(figure, { "font.color": "#1b1d21", width, autosize: false });
  }
});
addEventListener("afterprint", () => {
  for (const figure of figures) Plotly.relayout(figure, { ...colours(), width: null, autosize: true });
});

// Sorting: by number where both keys are numbers, else by words; empty cells stay last in both directions.
function compare(one, other, sign) {
  if (one === "" || other === "") return (one === "") - (other === "");
  const difference = Number(one) - Number(other);
  return sign * (Number.isNaN(difference) ? one.localeCompare(other) : difference);
}

function sortBy(heading) {
  const button = heading.querySelector("button");
  const opposite = { ascending: "descending", descending: "ascending" };
  const order = opposite[heading.getAttribute("aria-sort")] ?? button.dataset.first;
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", order);
  const body = heading.closest("table").tBodies[0];
  const key = (row) => row.cells[heading.cellIndex].dataset.key;
  const sign = order === "ascending" ? 1 : -1;
  body.append(...[...body.rows].sort((one, other) => compare(key(one), key(other), sign)));
}

for (const button of document.querySelectorAll(".sortable th button")) {
  button.addEventListener("click", () => sortBy(button.closest("th")));
}

// A link to a trial opens its configuration.
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
