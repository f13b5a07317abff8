(() => {
  const every = (wanted, within = document) => Array.from(within.querySelectorAll(wanted));
  const folds = every("details[data-fold]");
  folds.forEach((each) => { each.open = false; });

  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = folds.filter((each) => !each.open);
    unfolded.forEach((each) => { each.open = true; });
  });
  addEventListener("afterprint", () => unfolded.forEach((each) => { each.open = false; }));

  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let each = target; each; each = each.parentElement) {
      if (each.matches("details")) each.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  every("[data-filter]").forEach((filter) => {
    const filtered = filter.parentElement;
    const buttons = every("button", filter);
    const status = filter.querySelector("[data-status]");
    const isOut = (each) => each.classList.contains("out");
    const show = (kind) => {
      every("[data-kinds]", filtered).forEach((each) => {
        const kinds = each.dataset.kinds.split(" ");
        each.classList.toggle("out", kind !== "" && !kinds.includes(kind));
      });
      every("[data-group]", filtered).forEach((group) => {
        const empty = every(".line", group).every(isOut);
        group.classList.toggle("out", empty && kind !== "");
        if (kind !== "" && kind !== "passed") {
          every("details", group).concat(group).forEach((each) => {
            if (each.matches("details")) each.open = true;
          });
        }
      });
      const lines = every(".line", filtered);
      const shown = lines.filter((each) => !isOut(each)).length;
      status.textContent = status.dataset.status
        .replace("[shown]", shown).replace("[total]", lines.length);
      buttons.forEach((each) => {
        each.setAttribute("aria-pressed", String(each.dataset.kind === kind));
      });
    };
    buttons.forEach((each) => each.addEventListener("click", () => show(each.dataset.kind)));
    filter.hidden = false;
  });
})();
