(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  document.documentElement.classList.add("script");

  // A link to something folded unfolds it.
  const unfold = () => {
    const target = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);

  const list = byId("item-list");
  if (list) {
    const PAGE = 25;
    const items = [...list.children].map((node) => ({
      node,
      condition: node.dataset.condition,
      outcome: node.dataset.outcome,
      words: node.textContent.toLowerCase(),
    }));
    const query = byId("item-query"), condition = byId("item-condition"), outcome = byId("item-outcome");
    const count = byId("item-count"), more = byId("item-more"), open = byId("item-open");
    let shown = PAGE;

    const show = () => {
      const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
      const fits = items.filter((item) =>
        (!condition.value || item.condition === condition.value) &&
        (!outcome.value || item.outcome === outcome.value) &&
        words.every((word) => item.words.includes(word)));
      const visible = new Set(fits.slice(0, shown));
      for (const item of items) item.node.hidden = !visible.has(item);
      count.textContent = fits.length === 0 ? "No item fits. Clear a filter to see more."
        : `${visible.size} of ${fits.length} items that fit, of ${items.length} on this page.`;
      more.hidden = fits.length <= shown;
      more.textContent = `Show all ${fits.length}`;
    };
    const again = () => { shown = PAGE; show(); };
    query.addEventListener("input", again);
    condition.addEventListener("change", again);
    outcome.addEventListener("change", again);
    more.addEventListener("click", () => { shown = items.length; show(); });
    open.addEventListener("click", () => {
      const visible = items.filter((item) => !item.node.hidden).map((item) => item.node);
      const wanted = visible.some((node) => !node.open);
      for (const node of visible) node.open = wanted;
    });
    byId("item-clear").addEventListener("click", () => {
      query.value = condition.value = outcome.value = "";
      again();
      query.focus();
    });
    for (const link of document.querySelectorAll("a[data-items]"))
      link.addEventListener("click", () => { query.value = outcome.value = ""; condition.value = link.dataset.items; again(); });
    addEventListener("beforeprint", () => { for (const item of items) item.node.hidden = false; });
    addEventListener("afterprint", show);
    byId("item-filter").hidden = false;
    // Browsers keep what was typed over a reload.
    show();
  }
  unfold();
})();
