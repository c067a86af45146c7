/* A year's output and a price, typed in, turn gaps per tonne into yearly figures and money. Nothing is sent or kept: the fields have no name,
   no form and no memory. */
"use strict";
(() => {
  const area = document.querySelector("[data-yearly]");
  if (!area) return;
  const output = document.getElementById("yearly-output");
  const price = document.getElementById("yearly-price");
  const language = document.documentElement.lang;

  /* What a field holds: a number above nought, or null; what is no such number is marked. */
  const read = (field) => {
    const typed = field.value.replace(/[\s,，]/g, "");
    const number = Number(typed);
    const given = typed !== "" && Number.isFinite(number) && number > 0;
    const wrong = typed !== "" && !given;
    field.setAttribute("aria-invalid", String(wrong));
    document.getElementById(`${field.id}-error`).hidden = !wrong;
    return given ? number : null;
  };

  /* Fills the cells that carry an attribute with their amount times a factor; a dash where the factor is not known. */
  const fill = (attribute, factor) => {
    for (const cell of document.querySelectorAll(`[${attribute}]`)) {
      const amount = Number(cell.getAttribute(attribute)) * factor;
      cell.textContent = factor === null ? "–" : amount.toLocaleString(language, { maximumSignificantDigits: 3 });
    }
  };

  const show = () => {
    const tonnes = read(output);
    const perTonne = read(price);
    fill("data-per-tonne", tonnes === null ? null : tonnes / 1000);
    fill("data-kgce", perTonne === null ? null : perTonne / 1000);
    fill("data-yearly-kgce", tonnes === null || perTonne === null ? null : (tonnes * perTonne) / 1000);
    for (const cell of document.querySelectorAll("[data-yearly-cell], [data-money-cell]")) {
      cell.hidden = ("yearlyCell" in cell.dataset && tonnes === null) || ("moneyCell" in cell.dataset && perTonne === null);
    }
  };

  area.hidden = false;
  output.addEventListener("input", show);
  price.addEventListener("input", show);
  show();
})();
