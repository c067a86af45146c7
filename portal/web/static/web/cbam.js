/* A certificate's price and attested emissions, typed in, turn the tonnes of each year into money. What is free stands in the page, as the
   server worked it out. Nothing is sent or kept: the fields have no name, no form and no memory. */
"use strict";
(() => {
  const price = document.getElementById("border-price");
  if (!price) return;

  const show = () => {
    const of = typedNumber(price);
    for (const good of document.querySelectorAll("[data-good]")) {
      const fields = [...good.querySelectorAll("[data-border-typed] input")];
      if (!fields.length) continue;
      const [emissions, paid, ...parts] = fields.map(typedNumber);
      const cost = (tonnes) => (of === null || tonnes === null ? "–" : Math.max(tonnes * of - (paid ?? 0), 0).toFixed(2));
      for (const row of good.querySelectorAll("[data-border] tbody tr")) {
        const put = (name, text) => { row.querySelector(`[data-cell=${name}]`).textContent = text; };
        const [own, ...each] = row.dataset.free.split(" ").map(Number);
        const free = each.reduce((sum, one, place) => sum + one * (parts[place] ?? 0), own);
        const tonnes = emissions === null ? null : Math.max(emissions - free, 0);
        put("free", free.toFixed(3));
        put("attested", tonnes === null ? "–" : tonnes.toFixed(3));
        put("default-cost", cost(row.dataset.certificates === "" ? null : Number(row.dataset.certificates)));
        put("attested-cost", cost(tonnes));
      }
      for (const cell of good.querySelectorAll("[data-attested], [data-priced]")) {
        cell.hidden = ("attested" in cell.dataset && emissions === null) || ("priced" in cell.dataset && of === null);
      }
    }
  };

  for (const area of document.querySelectorAll("[data-border-typed]")) {
    area.hidden = false;
    for (const field of area.querySelectorAll("input")) field.addEventListener("input", show);
  }
})();
