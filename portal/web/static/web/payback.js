/* Prices, the price of a US dollar and years of use, typed in, turn a practice's saving per tonne into money, payback and the cost of a tonne of
   CO2 avoided; with an output also a year's money and what the whole investment is. The low end of a range counts, and the high end where the row
   has one. Nothing is sent or kept: the fields have no name, no form and no memory. */
"use strict";
(() => {
  const area = document.querySelector("[data-payback]");
  const rows = [...document.querySelectorAll("tr[data-practice]")];
  if (!area || !rows.length) return;
  const dollar = document.getElementById("payback-usd");
  const used = document.getElementById("payback-years");
  const output = document.getElementById("payback-tonnes");
  const MJ_PER_KGCE = 29.3076;
  const { between: span, once, never } = area.dataset;
  const carriers = new Map([...document.querySelectorAll("[data-carrier]")].map((row) => [row.dataset.carrier, {
    box: row.querySelector("[type=checkbox]"), field: row.querySelector("input:not([type=checkbox])"),
    kgce: Number(row.dataset.kgce), co2: row.dataset.co2 === "" ? null : Number(row.dataset.co2),
  }]));

  const word = (amount) => amount.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 }).replace("-", "−");
  const between = (ends) => {
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    return word(low) === word(high) ? word(low) : span.replace("{low}", word(low)).replace("{high}", word(high));
  };

  const show = () => {
    const [perDollar, years, tonnes] = [dollar, used, output].map((field) => field && typedNumber(field));
    for (const one of carriers.values()) one.price = typedNumber(one.field);
    for (const row of rows) {
      const { metric, low, high, investment, carriers: taken } = row.dataset;
      const saved = (high ? [low, high] : [low]).map((end) => (metric === "electricity" ? Number(end) * carriers.get("electricity").kgce : Number(end) / MJ_PER_KGCE));
      const ids = metric === "electricity" ? ["electricity"] : taken.split(" ").filter((id) => id !== "electricity" && carriers.get(id)?.box.checked);
      const energies = ids.map((id) => carriers.get(id));
      const told = energies.length > 0 && energies.every((one) => one.price !== null);
      const worth = told ? saved.flatMap((kgce) => energies.map((one) => (kgce * one.price) / one.kgce)) : null;
      const spent = investment === "" ? null : Number(investment) === 0 ? 0 : perDollar === null ? null : Number(investment) * perDollar;
      const carbon = told && energies.every((one) => one.co2) ? saved.flatMap((kgce) => energies.map((one) => (kgce * one.co2) / 1000)) : null;
      const yearly = spent === 0 ? 0 : spent === null || years === null ? null : spent / years;
      const put = (name, text) => { const cell = row.querySelector(`[data-cell=${name}]`); if (cell) cell.textContent = text; };
      put("worth", worth ? between(worth) : "–");
      put("payback", spent === 0 ? once : worth && spent !== null ? between(worth.map((one) => spent / one)) : investment === "" ? never : "–");
      put("yearly", worth && tonnes ? between(worth.map((one) => one * tonnes)) : "–");
      put("spent", investment === "" ? never : spent !== null && tonnes ? word(spent * tonnes) : "–");
      put("abatement", worth && carbon && yearly !== null ? between(worth.map((one, place) => (yearly - one) / carbon[place])) : "–");
    }
    const priced = [...carriers.values()].some((one) => one.box.checked && one.price !== null);
    for (const cell of document.querySelectorAll("[data-typed]")) cell.hidden = !priced;
  };

  area.hidden = false;
  for (const field of document.querySelectorAll("[data-payback] input, [data-yearly] input")) field.addEventListener("input", show);
})();
