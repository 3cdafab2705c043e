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

// Filtering: terms that must all hold, such as `fid<40 adversarial=bce "early stopping"`. A name may be the end of a
// column's dotted path, a value what a cell shows or what it is sorted by.
const TERM = /^([^<>=!]+)(<=|>=|!=|=|<|>)(.*)$/;
const ORDER = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };

const plain = (text) => text.toLowerCase().replace(/\s+/g, "");
const named = (text) => text.toLowerCase().replace(/\(.*?\)/g, "").replace(/[^\p{L}\p{N}.]/gu, "");

// What a cell shows without its small note, and what it is sorted by.
function contents(cell) {
  const shown = [...cell.childNodes].filter((node) => node.nodeName !== "SMALL").map((node) => node.textContent);
  const text = plain(shown.join(""));
  return { text, key: cell.dataset?.key ?? text };
}

function columnOf(table, name) {
  const names = [...table.tHead.rows[0].cells].map((heading) => named(heading.textContent));
  const wanted = named(name);
  for (const fits of [(it) => it === wanted, (it) => it.endsWith("." + wanted), (it) => it.startsWith(wanted)]) {
    const column = names.findIndex(fits);
    if (column >= 0) return column;
  }
  throw new RangeError(`no column ${name}`);
}

// A test of rows for one term; throws a RangeError with what is wrong with it.
function testOf(table, term) {
  const parts = TERM.exec(term);
  if (!parts) return (row) => plain(row.textContent).includes(plain(term));
  const [, name, sign, asked] = parts;
  const column = columnOf(table, name);
  const value = plain(asked);
  if (value === "") return () => true; // still being typed
  if (!(sign in ORDER)) {
    return (row) => {
      const { text, key } = contents(row.cells[column]);
      const equal = text === value || plain(key) === value || (key !== "" && Number(key) === Number(value));
      return equal === (sign === "=");
    };
  }
  const bound = value.endsWith("%") ? Number(value.slice(0, -1)) / 100 : Number(value);
  if (Number.isNaN(bound)) throw new RangeError(`${asked} is no number`);
  return (row) => {
    const { key } = contents(row.cells[column]);
    return key !== "" && ORDER[sign](Number(key), bound);
  };
}

function filter(table, text, count) {
  const rows = [...table.tBodies[0].rows];
  try {
    const terms = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
    const tests = terms.map((term) => testOf(table, term.replaceAll('"', "")));
    for (const row of rows) row.hidden = !tests.every((test) => test(row));
    count.textContent = `${rows.filter((row) => !row.hidden).length.toLocaleString()} of ${rows.length.toLocaleString()} rows`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    count.textContent = error.message;
  }
}

function higherIsBetter(table, cell) {
  return table.tHead.rows[0].cells[cell.cellIndex].querySelector("button")?.dataset.first === "descending";
}

// A filter made of the table's own columns and of the values of its middle row, for the empty box.
function example(table) {
  const { rows } = table.tBodies[0];
  const row = rows[Math.floor(rows.length / 2)];
  const name = (cell) => named(table.tHead.rows[0].cells[cell.cellIndex].textContent).split(".").at(-1);
  const metric = row.querySelector("td.metric");
  const state = row.querySelector("td .state");
  const word = [...row.cells].find((cell) => cell.matches(".param") && Number.isNaN(Number(cell.dataset.key)));
  const terms = [
    metric && `${name(metric)}${higherIsBetter(table, metric) ? ">" : "<"}${contents(metric).text}`,
    word && `${name(word)}=${contents(word).text}`,
    state && `state=${contents(state).text}`,
  ];
  return terms.filter(Boolean).join(" ") || "a word";
}

const MIN_ROWS = 8; // whatever is shorter is seen at once
for (const [index, table] of document.querySelectorAll("table.ranked, table.unranked, table[data-filterable]").entries()) {
  if (table.tBodies[0].rows.length < MIN_ROWS) continue;
  const box = document.createElement("div");
  box.className = "filter";
  box.innerHTML = `<label for="filter-${index}">Show rows with</label><input type="search" id="filter-${index}"
    spellcheck="false" autocomplete="off" autocapitalize="off"><output for="filter-${index}"></output>`;
  const [, input, count] = box.children;
  input.placeholder = example(table);
  input.addEventListener("input", () => filter(table, input.value, count));
  (table.closest(".scroll") ?? table).before(box);
  filter(table, "", count);
}
