// A box whose table goes on to the right is shaded there until it is scrolled to its end: not every system shows a
// scrollbar before one scrolls.
const markEnd = (box) => box.toggleAttribute("data-goes-on", box.scrollWidth - box.clientWidth - box.scrollLeft > 1);
const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => markEnd(target.closest(".scroll"))));
for (const box of document.querySelectorAll(".scroll")) {
  box.addEventListener("scroll", () => markEnd(box), { passive: true });
  resized.observe(box);
  if (box.firstElementChild) resized.observe(box.firstElementChild);
}
