/* What a field holds: a number above nought, or null; what is no such number is marked. Full-width digits are read as they look. A comma parts
   thousands and nothing else: 0,65 is no number, for 65 would be a hundred times what was meant. */
"use strict";
const typedNumber = (field) => {
  const typed = field.value.normalize("NFKC").replace(/\s/g, "");
  const spelt = /^(\d+|[1-9]\d{0,2}(,\d{3})+)?(\.\d*)?$/.test(typed);
  const number = spelt ? Number(typed.replaceAll(",", "")) : NaN;
  const wrong = typed !== "" && !(number > 0);
  field.setAttribute("aria-invalid", String(wrong));
  document.getElementById(`${field.id}-error`).hidden = !wrong;
  return number > 0 ? number : null;
};
