// Figures: their data stand in the page as attributes, escaped; the colours of text follow the page's.
const figures = [...document.querySelectorAll("[data-figure]")];
const samples = JSON.parse(document.getElementById("samples")?.dataset.samples ?? "{}");

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

// A finger that drags means to scroll the page, not to zoom a figure.
const fine = matchMedia("(pointer: fine)").matches;
const config = {
  responsive: true,
  displaylogo: false,
  showSendToCloud: false, // nothing in this page offers to send a sweep's results to anybody
  plotlyServerURL: "",
  displayModeBar: fine ? "hover" : false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
};

function draw(figure) {
  if (figure.matches(".js-plotly-plot")) return;
  const { data, layout } = JSON.parse(figure.dataset.figure);
  Plotly.newPlot(figure, data, { ...layout, dragmode: fine && "zoom" }, config);
  Plotly.relayout(figure, colours());
  figure.on("plotly_hover", ({ points }) => showSample(figure, points[0]?.customdata));
  figure.on("plotly_unhover", () => showSample(figure, null));
}

// One after the other, so that the page can be scrolled and read meanwhile.
async function drawAll() {
  for (const figure of figures) {
    try {
      draw(figure);
    } catch (error) {
      console.error(error); // the others are drawn all the same
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

// The first photo of a trial beside the label of its point: points carry the trial's number.
const sample = document.createElement("figure");
sample.className = "sample";
sample.hidden = true;
sample.append(document.createElement("img"), document.createElement("figcaption"));
document.body.append(sample);

function showSample(figure, number) {
  const image = Number.isInteger(number) ? samples[number] : undefined;
  sample.hidden = image === undefined;
  if (sample.hidden) return;
  sample.firstChild.src = image;
  sample.firstChild.alt = sample.lastChild.textContent = `trial ${number}: gray, colorized, truth`;
  const label = (figure.querySelector(".hoverlayer .hovertext") ?? figure).getBoundingClientRect();
  const { width, height } = sample.getBoundingClientRect();
  const below = label.bottom + 6;
  sample.style.left = `${Math.max(4, Math.min(label.left, document.documentElement.clientWidth - width - 4))}px`;
  sample.style.top = `${Math.max(4, below + height < innerHeight ? below : label.top - height - 6)}px`;
}

addEventListener("scroll", () => showSample(null, null), { passive: true });

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const figure of figures) if (figure.matches(".js-plotly-plot")) Plotly.relayout(figure, colours());
});

// Paper is white and of one width: 940 px fit between the margins of A4 and of Letter, landscape.
addEventListener("beforeprint", () => {
  for (const figure of figures) {
    draw(figure);
    const width = figure.matches(".curves *") ? 460 : 940;
    Plotly.relayout(figure, { "font.color": "#1b1d21", width, autosize: false });
  }
});
addEventListener("afterprint", () => {
  for (const figure of figures) Plotly.relayout(figure, { ...colours(), width: null, autosize: true });
});
