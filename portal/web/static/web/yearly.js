/* An output, prices and the energies in use, typed in, turn amounts per tonne into a year's energy, CO2 and money, and order a firm's gaps by
   worth. Nothing is sent or kept: the fields have no name, no form and no memory. */
"use strict";
(() => {
  const area = document.querySelector("[data-yearly]");
  const tables = [...document.querySelectorAll("[data-worth]")];
  if (!area || !tables.length) return;
  const output = document.getElementById("yearly-output");
  const carbonPrice = document.getElementById("yearly-carbon");
  const MJ_PER_KGCE = 29.3076;
  const { between: span, needs, incomplete } = tables[0].dataset;
  const perTonne = new Map(tables.flatMap((table) => [...table.querySelectorAll("[data-cell], [data-year], [data-order]")]).map((cell) => [cell, cell.textContent]));
  const carriers = new Map([...area.querySelectorAll("[data-carrier]")].map((row) => [row.dataset.carrier, {
    row, box: row.querySelector("[type=checkbox]"), field: row.querySelector("input:not([type=checkbox])"),
    kgce: Number(row.dataset.kgce), co2: row.dataset.co2 === "" ? null : Number(row.dataset.co2), unit: row.dataset.unit,
  }]));

  const ends = (text) => (text ? text.split(" ").map(Number) : null);
  const word = (amount) => amount.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 }).replace("-", "−");
  const between = (low, high) =>
    word(low) === word(high) ? word(low) : span.replace("{low}", word(low)).replace("{high}", word(high));
  const put = (row, name, text) => { const cell = row.querySelector(`[data-cell=${name}]`); if (cell) cell.textContent = text; };
  const scaled = (pair, times) => pair && pair.map((end) => end * times);
  const sum = (pairs) => (pairs.every(Boolean) ? pairs.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]) : null);

  /* How an amount may lie, as pairs of electricity and fuel in kgce, with the fuels that it may be of; null where energy leaves the step. */
  const mixes = (row) => {
    const { kind } = row.dataset;
    if (kind === "unknown") return null;
    const used = row.dataset.carriers.split(" ").filter((id) => carriers.get(id).box.checked);
    const fuels = used.filter((id) => id !== "electricity");
    const [low, , high] = ends(row.dataset.kgce);
    let pairs;
    if (kind === "electricity") pairs = [low, high].map((kgce) => [kgce, 0]);
    else if (kind === "apart") pairs = [low, high].flatMap((kgce) => ends(row.dataset.fuel).map((heat) => [kgce - heat, heat]));
    else {
      const most = row.dataset.mostElectricity === "" ? Infinity : Number(row.dataset.mostElectricity);
      pairs = [low, high].flatMap((kgce) => [[0, kgce], [Math.min(kgce, most), Math.max(kgce - most, 0)]]);
      pairs = pairs.filter(([electricity, fuel]) => (used.includes("electricity") || electricity === 0) && (fuels.length || fuel === 0));
    }
    const known = pairs.length && (fuels.length || pairs.every((pair) => pair[1] === 0)) && (used.includes("electricity") || pairs.every((pair) => pair[0] === 0));
    return { pairs: known ? pairs : null, fuels };
  };

  /* Least and most of it at a rate per kgce of each energy; undefined where no energy is told, null where one has no rate. */
  const bounds = (mix, rate) => {
    if (!mix) return undefined;
    if (!mix.pairs) return null;
    const electricity = mix.pairs.some((pair) => pair[0] !== 0) ? rate(carriers.get("electricity")) : 0;
    const fuels = mix.pairs.some((pair) => pair[1] !== 0) ? mix.fuels.map((id) => rate(carriers.get(id))) : [0];
    if (electricity === null || fuels.includes(null)) return null;
    const all = mix.pairs.flatMap(([kwh, fuel]) => fuels.map((each) => electricity * kwh + each * fuel));
    return [Math.min(...all), Math.max(...all)];
  };

  /* Least and most kgce of one energy: all of the fuel where no other is in use, else anything up to it. */
  const share = (mix, id) => {
    if (!mix || !mix.pairs) return [0, 0];
    if (id === "electricity") { const parts = mix.pairs.map((pair) => pair[0]); return [Math.min(...parts), Math.max(...parts)]; }
    if (!mix.fuels.includes(id)) return [0, 0];
    const parts = mix.pairs.map((pair) => pair[1]);
    return [mix.fuels.length > 1 ? Math.min(0, ...parts) : Math.min(...parts), Math.max(...parts)];
  };

  const show = () => {
    const tonnes = typedNumber(output);
    const times = tonnes === null ? 1 : tonnes / 1000;
    const whole = tonnes === null ? 1 : tonnes;
    const perTonneOfCarbon = typedNumber(carbonPrice);
    for (const one of carriers.values()) {
      one.price = typedNumber(one.field);
      one.field.disabled = !one.box.checked;
    }
    const priced = [...carriers.values()].some((one) => one.box.checked && one.price !== null);
    const asUsual = [...carriers.values()].every((one) => one.box.checked === one.box.defaultChecked);
    const cost = (one) => (one.price === null ? null : one.price / one.kgce);
    for (const table of tables) {
      const rows = [...table.querySelectorAll("tbody tr")];
      const foot = table.querySelector("tfoot tr");
      const heads = [...table.querySelectorAll("thead th")];
      for (const head of table.querySelectorAll("[data-year]")) head.textContent = tonnes === null ? perTonne.get(head) : head.dataset.year;
      for (const row of [...rows, foot]) {
        for (const cell of row.querySelectorAll("[data-cell]")) cell.textContent = perTonne.get(cell);
        if (tonnes === null) continue;
        const [low, value, high] = scaled(ends(row.dataset.kgce), times);
        put(row, "kgce", word(value));
        put(row, "interval", between(low, high));
        if (row.dataset.kind === "electricity") put(row, "electricity", between(...scaled([low, high], 1 / carriers.get("electricity").kgce)));
        if (row.dataset.electricity) put(row, "electricity", between(...scaled(ends(row.dataset.electricity), times)));
        if (row.dataset.kind === "apart") put(row, "fuel", between(...scaled(ends(row.dataset.fuel), times * MJ_PER_KGCE)));
      }
      const told = rows.map((row) => {
        const mix = mixes(row);
        const carbon = bounds(mix, (one) => one.co2);
        const paid = bounds(mix, cost);
        row.worth = paid ? paid[0] + paid[1] : paid;
        if (tonnes !== null || !asUsual) put(row, "co2", carbon ? between(...scaled(carbon, times)) : "–");
        put(row, "money", paid ? between(...scaled(paid, whole)) : paid === null ? needs : "–");
        /* the electricity's carbon price lies in its tariff; kg of CO2, hence a thousandth */
        const taxed = perTonneOfCarbon === null ? null : bounds(mix, (one) => (one === carriers.get("electricity") ? 0 : one.co2));
        const duty = taxed && scaled(taxed, (whole * perTonneOfCarbon) / 1000);
        put(row, "carbon", duty ? between(...duty) : "–");
        return { carbon, paid, duty };
      });
      const carbon = sum(told.map((one) => one.carbon));
      const paid = sum(told.map((one) => one.paid));
      if (tonnes !== null || !asUsual) put(foot, "co2", carbon ? between(...scaled(carbon, times)) : incomplete);
      const duty = sum(told.map((one) => one.duty));
      put(foot, "carbon", duty ? between(...duty) : incomplete);
      put(foot, "money", paid ? between(...scaled(paid, whole)) : incomplete);
      for (const cell of table.querySelectorAll("[data-money]")) cell.hidden = !priced;
      for (const cell of table.querySelectorAll("[data-carbon]")) cell.hidden = perTonneOfCarbon === null;
      for (const row of [...rows, foot]) [...row.children].forEach((cell, place) => { if (cell.dataset.l) cell.dataset.l = heads[place].textContent; });
      /* Energy is known of every gap: only where money is, too, does money settle the order. A sector's steps keep theirs. */
      const order = table.querySelector("[data-order]");
      if (!order) continue;
      const byMoney = told.every((one) => one.paid);
      const size = (row) => (byMoney ? row.worth : ends(row.dataset.kgce)[1]);
      order.textContent = byMoney ? order.dataset.byMoney : perTonne.get(order);
      rows.sort((one, other) => size(other) - size(one)).forEach((row) => row.parentElement.append(row));
    }
    for (const cell of area.querySelectorAll("[data-amount]")) cell.hidden = tonnes === null;
    const all = [...tables[0].querySelectorAll("tbody tr")].map(mixes);
    for (const [id, one] of carriers) {
      const kgce = scaled(sum(all.map((mix) => share(mix, id))), whole);
      const of = (rate) => (!one.box.checked ? "–" : rate === null ? "–" : between(...scaled(kgce, rate)));
      put(one.row, "amount", one.box.checked ? `${of(1 / one.kgce)} ${one.unit}` : "–");
      put(one.row, "tce", of(1 / 1000));
      put(one.row, "co2", of(one.co2 === null ? null : one.co2 / 1000));
      put(one.row, "money", one.price === null && one.box.checked ? needs : of(one.price === null ? null : one.price / one.kgce));
    }
  };

  area.hidden = false;
  for (const field of new Set([output, ...area.querySelectorAll("input")])) field.addEventListener("input", show);
})();
