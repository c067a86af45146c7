/* An output and a price, typed in, turn what closing the gaps saves into a year's coal equivalent and money. Nothing is sent or kept. */
"use strict";
(() => {
  const table = document.querySelector("[data-per-year]");
  const output = document.getElementById("yearly-output");
  const price = document.getElementById("tce-price");
  if (!table || !output || !price) return;
  const perThousand = new Map([...table.querySelectorAll("[data-year]")].map((head) => [head, head.textContent]));
  const word = (amount) => amount.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 }).replace("-", "−");

  const show = () => {
    const [tonnes, perTce] = [output, price].map(typedNumber);
    for (const [head, text] of perThousand) head.textContent = tonnes === null ? text : head.dataset.year;
    for (const cell of table.querySelectorAll("[data-money]")) cell.hidden = perTce === null;
    for (const row of table.querySelectorAll("[data-kgce]")) {
      const tce = (Number(row.dataset.kgce) * (tonnes ?? 1000)) / 1000;
      row.querySelector("[data-cell=tce]").textContent = word(tce);
      row.querySelector("[data-cell=money]").textContent = perTce === null ? "" : word(tce * perTce);
    }
  };

  for (const part of document.querySelectorAll("[data-typing]")) part.hidden = false;
  for (const field of [output, price]) field.addEventListener("input", show);
})();
