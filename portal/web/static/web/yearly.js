/* A year's output and prices, typed in, turn gaps per tonne into a year's energy, CO2 and money, and order them by worth. Nothing is sent or
   kept: the fields have no name, no form and no memory. */
"use strict";
(() => {
  const area = document.querySelector("[data-yearly]");
  const table = document.querySelector("[data-worth]");
  if (!area || !table) return;
  const fields = ["yearly-output", "price-electricity", "price-fuel"].map((id) => document.getElementById(id));
  const rows = [...table.querySelectorAll("tbody tr")];
  const sum = table.querySelector("tfoot tr");
  const heads = [...table.querySelectorAll("thead th")];
  const kgcePerKwh = Number(table.dataset.kgcePerKwh);
  const MJ_PER_KGCE = 29.3076;
  const perTonne = new Map([...table.querySelectorAll("[data-cell], [data-year]")].map((cell) => [cell, cell.textContent]));

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

  const ends = (text) => (text ? text.split(" ").map(Number) : null);
  const word = (amount) => amount.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 }).replace("-", "−");
  const between = (low, high) =>
    word(low) === word(high) ? word(low) : table.dataset.between.replace("{low}", word(low)).replace("{high}", word(high));
  const put = (row, name, text) => { row.querySelector(`[data-cell=${name}]`).textContent = text; };

  /* Least and most that a gap costs per tonne; null where a price that it needs is not typed, undefined where no price would do. */
  const cost = (row, perKwh, perTce) => {
    const { kind } = row.dataset;
    if (kind === "unknown") return undefined;
    if (perKwh === null || (kind !== "electricity" && perTce === null)) return null;
    const [low, , high] = ends(row.dataset.kgce);
    const electricity = perKwh / kgcePerKwh;
    const fuel = perTce === null ? 0 : perTce / 1000;
    const [least, most] = kind === "either" ? [0, high] : ends(row.dataset.fuel);
    if (kind === "either") return [low * Math.min(electricity, fuel), high * Math.max(electricity, fuel)];
    const all = [low, high].flatMap((kgce) => [least, most].map((heat) => electricity * (kgce - heat) + fuel * heat));
    return [Math.min(...all), Math.max(...all)];
  };

  const show = () => {
    const [tonnes, perKwh, perTce] = fields.map(read);
    const times = tonnes === null ? 1 : tonnes / 1000;
    for (const head of [...heads, table.caption]) if (head.dataset.year) head.textContent = tonnes === null ? perTonne.get(head) : head.dataset.year;
    let co2 = [0, 0];
    let money = [0, 0];
    for (const row of rows) {
      const [low, value, high] = ends(row.dataset.kgce).map((kgce) => kgce * times);
      const fuel = ends(row.dataset.fuel);
      const carbon = ends(row.dataset.co2);
      if (tonnes === null) for (const cell of row.querySelectorAll("[data-cell]")) cell.textContent = perTonne.get(cell);
      else {
        put(row, "kgce", word(value));
        put(row, "interval", between(low, high));
        if (row.dataset.kind === "electricity") put(row, "electricity", between(low / kgcePerKwh, high / kgcePerKwh));
        if (row.dataset.kind === "apart") put(row, "fuel", between(fuel[0] * times * MJ_PER_KGCE, fuel[1] * times * MJ_PER_KGCE));
        if (carbon) put(row, "co2", between(carbon[0] * times, carbon[1] * times));
      }
      co2 = co2 && carbon && co2.map((end, place) => end + carbon[place]);
      const paid = cost(row, perKwh, perTce);
      row.worth = paid ? paid[0] + paid[1] : paid;
      const whole = tonnes === null ? 1 : tonnes;
      put(row, "money", paid ? between(paid[0] * whole, paid[1] * whole) : paid === null ? table.dataset.needs : "–");
      money = money && paid && money.map((end, place) => end + paid[place] * whole);
    }
    put(sum, "kgce", tonnes === null ? perTonne.get(sum.querySelector("[data-cell=kgce]")) : word(Number(sum.dataset.kgce) * times));
    put(sum, "co2", co2 ? between(co2[0] * times, co2[1] * times) : table.dataset.incomplete);
    put(sum, "money", money ? between(...money) : table.dataset.incomplete);
    for (const cell of table.querySelectorAll("[data-money]")) cell.hidden = perKwh === null && perTce === null;
    for (const row of [...rows, sum]) [...row.children].forEach((cell, place) => { if (cell.dataset.l) cell.dataset.l = heads[place].textContent; });
    /* What no price would tell stays last; where a price is still missing, the order is that of energy. */
    const last = Number.MIN_SAFE_INTEGER;
    const byWorth = rows.some((row) => row.worth === null) ? rows : [...rows].sort((one, other) => (other.worth ?? last) - (one.worth ?? last));
    byWorth.forEach((row) => row.parentElement.append(row));
  };

  area.hidden = false;
  for (const field of fields) field.addEventListener("input", show);
})();
