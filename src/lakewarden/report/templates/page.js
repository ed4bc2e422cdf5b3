(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = document.getElementById("filter");
  const [search] = all("input[type=search]", form);
  const boxes = all("input[type=checkbox]", form);
  const findings = all(".finding");
  const holders = all(".rest, .control, .section:not(.plain)").reverse();
  const texts = new Map();

  const textOf = (finding) => {
    if (!texts.has(finding)) {
      const title = finding.closest(".control").firstElementChild.textContent;
      texts.set(finding, `${title} ${finding.textContent}`.toLowerCase());
    }
    return texts.get(finding);
  };

  const filter = () => {
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const needle = search.value.trim().toLowerCase();
    const narrowed = needle !== "" || wanted.size < boxes.length;
    let shown = 0;
    for (const finding of findings) {
      const match = wanted.has(finding.dataset.verdict) && textOf(finding).includes(needle);
      finding.hidden = !match;
      shown += match;
    }
    for (const holder of holders) {
      const empty = !holder.querySelector(".finding:not([hidden])");
      holder.hidden = narrowed && empty;
      if (narrowed && !empty && holder.tagName === "DETAILS") holder.open = true;
    }
    form.querySelector("output").textContent = narrowed ? `${shown} of ${findings.length}` : "";
  };

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
    }
    if (target) target.scrollIntoView();
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => {
    for (const closed of all("details:not([open])")) {
      closed.open = true;
      closed.dataset.printed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const opened of all("details[data-printed]")) {
      opened.open = false;
      delete opened.dataset.printed;
    }
  });
  if (location.hash) reveal();
})();
