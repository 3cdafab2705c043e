// A link to a trial opens its configuration; where that is not in the page, the number is no link.
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
for (const link of document.querySelectorAll('a[href^="#trial-"]')) {
  if (!document.getElementById(link.hash.slice(1))) link.removeAttribute("href");
}

// The bar of sections marks the one that is being read, and keeps it in sight.
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
const bar = document.querySelector("nav ol");

function markSection(name) {
  for (const link of links.values()) link.removeAttribute("aria-current");
  const link = links.get(name);
  link.setAttribute("aria-current", "true");
  bar.scrollLeft = link.offsetLeft - (bar.clientWidth - link.offsetWidth) / 2;
}

const watcher = new IntersectionObserver(
  (entries) => {
    const entered = entries.find((entry) => entry.isIntersecting);
    if (entered) markSection(entered.target.dataset.name);
  },
  { rootMargin: "-20% 0px -79% 0px" }, // a line across the upper part of the window
);
for (const section of document.querySelectorAll("main section")) watcher.observe(section);
